//! Shows orders to their owners.

use std::collections::BTreeMap;

use tradepost_domain::kernel::ids::OrderId;
use tradepost_store::Client;
use tradepost_store::order::OrderRow;
use tradepost_store::order::read;
use tradepost_store::payment::{self, PaymentRecord};

use super::missing;
use super::view::{OrderView, view};
use crate::error::WriteError;
use crate::page::{Page, PageRequest};
use crate::shopper::ShopperContext;

/// An order that this shopper may open.
pub async fn get_own_order(context: &ShopperContext, id: OrderId) -> Result<OrderView, WriteError> {
    let owner = context.order_owner()?;
    let conn = context.caller.shop.store.storefront().conn().await?;
    let order = read::get_owned(&conn, id, &owner).await?.ok_or_else(missing)?;
    let payment = payment::read::of_order(&conn, id).await?;
    Ok(view(&order, payment.as_ref())?)
}

/// The orders of the customer who is signed in, newest first.
pub async fn list_own_orders(
    context: &ShopperContext,
    request: &PageRequest<OrderId>,
) -> Result<Page<OrderView>, WriteError> {
    let customer = context.customer.ok_or(WriteError::Unauthenticated {
        code: "authentication_required",
        detail: "sign in to see your orders".into(),
    })?;
    let conn = context.caller.shop.store.storefront().conn().await?;
    let orders = read::list_of_customer(&conn, customer, request.after, request.rows()).await?;
    let views = views(&conn, &orders).await?;
    Ok(Page::new(request, views, None, |view| view.id))
}

/// Orders with their payments, by one flight of statements for all.
pub async fn views(client: &Client, orders: &[OrderRow]) -> Result<Vec<OrderView>, WriteError> {
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let payments = payment::read::of_orders(client, &ids).await?;
    let payments: BTreeMap<OrderId, PaymentRecord> =
        payments.into_iter().map(|payment| (payment.order_id, payment)).collect();
    orders.iter().map(|order| Ok(view(order, payments.get(&order.id))?)).collect()
}
