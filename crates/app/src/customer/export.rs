//! What the shop knows of a customer, for the customer to take along: what belongs to the account at once, carts and orders page by
//! page, so that whoever has ordered for years needs no more memory than anybody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::cart::{Cart, CartLine, Metadata};
use tradepost_domain::customer::{ADDRESSES_MAX, CustomerStatus};
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{CartId, CustomerId, OrderId, SessionId, VariantId};
use tradepost_store::catalog::review_write;
use tradepost_store::customer::session::SessionRow;
use tradepost_store::customer::{account, address, session};
use tradepost_store::payment::PaymentRecord;
use tradepost_store::payment::method::{self, METHODS_MAX};
use tradepost_store::{cart, order, payment};
use utoipa::ToSchema;

use super::address::CustomerAddressView;
use super::view::CustomerView;
use crate::address::AddressView;
use crate::error::WriteError;
use crate::order::view::{OrderView, view};
use crate::payment::RefundView;
use crate::payment::method::SavedPaymentMethodView;
use crate::review::ReviewAdminView;
use crate::shop::Shop;

/// Sessions that are shown, at most.
const SESSIONS_MAX: i64 = 1_000;
/// Carts, or orders, that are read at once.
const PAGE: usize = 100;

/// A session that lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// Id.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// Where it was begun from.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last refreshed.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, ip, user_agent, created_at, last_used_at, expires_at } = row;
        Self { id, ip, user_agent, created_at, last_used_at, expires_at }
    }
}

/// Everything about one customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerExport {
    /// What belongs to the account.
    #[serde(flatten)]
    pub account: AccountExport,
    /// Carts, newest first, whatever became of them.
    pub carts: Vec<CartExport>,
    /// Orders, newest first, with their payments and refunds.
    pub orders: Vec<OrderExport>,
}

/// What belongs to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountExport {
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    pub exported_at: Timestamp,
    /// The account, with what its owner has agreed to.
    pub customer: CustomerView,
    /// Addresses, newest first.
    pub addresses: Vec<CustomerAddressView>,
    /// What is kept to pay with, newest first.
    pub payment_methods: Vec<SavedPaymentMethodView>,
    /// Reviews, newest first.
    pub reviews: Vec<ReviewAdminView>,
    /// Sessions that live, newest first.
    pub sessions: Vec<SessionView>,
}

/// A cart as it is kept: it holds no prices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CartExport {
    /// Id.
    #[schema(value_type = String)]
    pub id: CartId,
    /// `open`, `ordered` or `merged`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// Currency, ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Where the order confirmation goes.
    pub email: Option<String>,
    /// Where the goods go.
    pub shipping_address: Option<AddressView>,
    /// Where the bill goes.
    pub billing_address: Option<AddressView>,
    /// What is in it.
    pub lines: Vec<CartLineExport>,
    /// Coupons that were entered.
    pub coupons: Vec<String>,
    /// What the client keeps with it.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A line of a cart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CartLineExport {
    /// What is to be bought.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// How many.
    pub quantity: u32,
    /// What the client keeps with it.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// When it was put in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An order with what was paid and given back.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderExport {
    /// The order, with its payment.
    #[serde(flatten)]
    pub order: OrderView,
    /// What was given back, the oldest first.
    pub refunds: Vec<RefundView>,
}

impl From<&CartLine> for CartLineExport {
    fn from(line: &CartLine) -> Self {
        Self {
            variant_id: line.variant_id,
            quantity: line.quantity.get(),
            metadata: line.metadata.clone(),
            created_at: line.created_at,
        }
    }
}

impl From<Cart> for CartExport {
    fn from(cart: Cart) -> Self {
        Self {
            id: cart.id,
            status: cart.status.as_str(),
            currency: cart.currency,
            email: cart.email.as_ref().map(|email| email.as_str().to_owned()),
            shipping_address: cart.shipping_address.as_ref().map(AddressView::from),
            billing_address: cart.billing_address.as_ref().map(AddressView::from),
            lines: cart.lines.iter().map(CartLineExport::from).collect(),
            coupons: cart.coupons,
            metadata: cart.metadata,
            created_at: cart.created_at,
            updated_at: cart.updated_at,
        }
    }
}

/// An export that is being read: JSON in pieces.
#[derive(Debug)]
pub struct ExportPages {
    shop: Arc<Shop>,
    id: CustomerId,
    next: Next,
}

/// What comes next, behind what.
#[derive(Debug)]
enum Next {
    Carts(Option<CartId>),
    Orders(Option<OrderId>),
    Nothing,
}

/// Begins to tell what the shop knows of a customer: the first piece, and where the others come from. `None` where there is no such
/// account any more.
pub async fn export_customer(
    shop: &Arc<Shop>,
    id: CustomerId,
) -> Result<Option<(Vec<u8>, ExportPages)>, WriteError> {
    let now = shop.clock.now();
    let conn = shop.store.storefront().conn().await?;
    let found = account::get(&conn, id).await?.filter(|row| row.status == CustomerStatus::Active);
    let Some(customer) = found else { return Ok(None) };
    let limit = i64::try_from(ADDRESSES_MAX).unwrap_or(i64::MAX);
    let addresses = address::list(&conn, id, None, limit).await?;
    let methods = method::list(&conn, id, None, METHODS_MAX).await?;
    let reviews = review_write::list_of_customer(&conn, id).await?;
    let sessions = session::list_live(&conn, id, now, SESSIONS_MAX).await?;
    let account = AccountExport {
        exported_at: now,
        customer: customer.into(),
        addresses: addresses.into_iter().map(CustomerAddressView::from).collect(),
        payment_methods: methods.into_iter().map(SavedPaymentMethodView::from).collect(),
        reviews: reviews.into_iter().map(ReviewAdminView::from).collect(),
        sessions: sessions.into_iter().map(SessionView::from).collect(),
    };
    let mut piece = serde_json::to_vec(&account)?;
    // The object goes on.
    piece.pop();
    piece.extend_from_slice(b",\"carts\":[");
    Ok(Some((piece, ExportPages { shop: Arc::clone(shop), id, next: Next::Carts(None) })))
}

impl ExportPages {
    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, WriteError> {
        let mut piece = Vec::new();
        self.next = match self.next {
            Next::Nothing => return Ok(None),
            Next::Carts(after) => {
                let carts = self.carts(after).await?;
                let last = carts.last().map(|cart| cart.id).filter(|_| carts.len() == PAGE);
                put(&mut piece, after.is_some(), &carts)?;
                if last.is_none() {
                    piece.extend_from_slice(b"],\"orders\":[");
                }
                last.map_or(Next::Orders(None), |last| Next::Carts(Some(last)))
            }
            Next::Orders(after) => {
                let orders = self.orders(after).await?;
                let last = orders.last().map(|order| order.order.id).filter(|_| orders.len() == PAGE);
                put(&mut piece, after.is_some(), &orders)?;
                if last.is_none() {
                    piece.extend_from_slice(b"]}");
                }
                last.map_or(Next::Nothing, |last| Next::Orders(Some(last)))
            }
        };
        Ok(Some(piece))
    }

    async fn carts(&self, after: Option<CartId>) -> Result<Vec<CartExport>, WriteError> {
        let conn = self.shop.store.storefront().conn().await?;
        let carts = cart::all_of_customer(&conn, self.id, after, page()).await?;
        Ok(carts.into_iter().map(CartExport::from).collect())
    }

    async fn orders(&self, after: Option<OrderId>) -> Result<Vec<OrderExport>, WriteError> {
        let conn = self.shop.store.storefront().conn().await?;
        let orders = order::read::list_of_customer(&conn, self.id, after, page()).await?;
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let payments = payment::read::of_orders(&conn, &ids).await?;
        let payments: BTreeMap<OrderId, PaymentRecord> =
            payments.into_iter().map(|payment| (payment.order_id, payment)).collect();
        let each = orders.iter().map(|order| {
            let record = payments.get(&order.id);
            let mut shown = view(order, record)?;
            if let Some(payment) = &mut shown.payment {
                // It may hold a secret of the provider's.
                payment.next_action = None;
            }
            let refunds = record.into_iter().flat_map(|record| &record.refunds).map(RefundView::from);
            Ok(OrderExport { order: shown, refunds: refunds.collect() })
        });
        each.collect()
    }
}

fn page() -> i64 {
    i64::try_from(PAGE).unwrap_or(i64::MAX)
}

/// Puts the items behind those that are there.
fn put<T: Serialize>(piece: &mut Vec<u8>, goes_on: bool, items: &[T]) -> Result<(), WriteError> {
    for (place, item) in items.iter().enumerate() {
        if goes_on || place > 0 {
            piece.push(b',');
        }
        serde_json::to_writer(&mut *piece, item)?;
    }
    Ok(())
}
