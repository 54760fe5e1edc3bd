//! What a shopper's use case is given: the shop, the channel, and by what right its carts and orders are opened.

use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::ids::CustomerId;
use tradepost_store::StoreError;
use tradepost_store::cart::CartOwner;
use tradepost_store::order::read::OrderOwner;

use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// A shopper's request.
#[derive(Debug, Clone)]
pub struct ShopperContext {
    /// Shop, actor, origin and claim.
    pub caller: StaffContext,
    /// The channel of the publishable key, or the default one.
    pub channel: Arc<Channel>,
    /// The customer who is signed in.
    pub customer: Option<CustomerId>,
    /// SHA-256 of the secret that was sent to open a guest's cart.
    pub cart_token: Option<Vec<u8>>,
    /// SHA-256 of the secret that was sent to open a guest's order.
    pub order_token: Option<Vec<u8>>,
}

impl ShopperContext {
    /// The present moment by the shop's clock.
    pub fn now(&self) -> Timestamp {
        self.caller.now()
    }

    /// Begins a change on the storefront's connections.
    pub async fn begin(&self, name: &'static str) -> Result<Work<'_>, StoreError> {
        self.caller.begin_in(self.caller.shop.store.storefront(), name).await
    }

    /// By what right carts are opened: the token, where one was sent, before the session.
    pub fn cart_owner(&self) -> Result<CartOwner, WriteError> {
        let guest = self.cart_token.clone().map(CartOwner::Guest);
        guest.or(self.customer.map(CartOwner::Customer)).ok_or(WriteError::Unauthenticated {
            code: "cart_token_required",
            detail: "send the cart's token in Cart-Token, or sign in".into(),
        })
    }

    /// By what right orders are opened: the token, where one was sent, before the session.
    pub fn order_owner(&self) -> Result<OrderOwner, WriteError> {
        let guest = self.order_token.clone().map(OrderOwner::Guest);
        guest.or(self.customer.map(OrderOwner::Customer)).ok_or(WriteError::Unauthenticated {
            code: "order_token_required",
            detail: "send the order's token in Order-Token, or sign in".into(),
        })
    }
}
