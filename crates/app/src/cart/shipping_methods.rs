//! How a cart can be sent, and what that costs.

use serde::Serialize;
use tradepost_domain::kernel::ids::{CartId, ShippingMethodId};
use utoipa::ToSchema;

use super::quote::quote;
use super::recalled::open;
use crate::catalog::views::MoneyView;
use crate::error::WriteError;
use crate::pricing::rates::asking;
use crate::shopper::ShopperContext;

/// A way of sending a cart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShippingOfferView {
    /// The method: what the cart's `shipping_method` is set to.
    #[schema(value_type = String)]
    pub id: ShippingMethodId,
    /// Its name.
    pub name: String,
    /// What it costs before discounts.
    pub price: MoneyView,
    /// Whether the cart's totals count with it.
    pub selected: bool,
}

/// The ways of sending a cart to its address, cheapest first; none without an address.
pub async fn list_shipping_offers(
    context: &ShopperContext,
    id: CartId,
) -> Result<Vec<ShippingOfferView>, WriteError> {
    let owner = context.cart_owner()?;
    let now = context.now();
    let quote = asking(&context.caller.shop, || async {
        let conn = context.caller.shop.store.storefront().conn().await?;
        let (stored, beside) = open(context, &conn, id, (&owner, now, &[])).await?;
        quote(&context.caller.shop.rules, &conn, (&stored.cart, beside.as_ref()), now).await
    });
    let quote = quote.await?;
    let selected = quote.priced.shipping.as_ref().map(|shipping| shipping.shipping_method_id);
    let offers = quote.offers.iter().map(|(method, offer)| ShippingOfferView {
        id: method.id,
        name: method.name.clone(),
        price: offer.price.into(),
        selected: selected == Some(method.id),
    });
    Ok(offers.collect())
}
