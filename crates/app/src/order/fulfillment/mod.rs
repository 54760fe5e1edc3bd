//! Fulfillments: which units are to leave together, that they left, and that they arrived. Their units stay the order's
//! until they leave; making or giving up a fulfillment moves no stock (case C10).

mod cancel;
mod create;
mod deliver;
mod ship;
mod view;

pub use cancel::cancel_fulfillment;
pub use create::{FulfillmentCreate, FulfillmentLine, create_fulfillment};
pub use deliver::deliver_fulfillment;
pub use ship::{ShipmentCreate, ship_fulfillment};
pub use view::{FulfillmentLineView, FulfillmentView, ShipmentView};

use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, FulfillmentId, OrderId, OrderLineId};
use tradepost_domain::order::ParcelStatus;
use tradepost_store::order::OrderRow;
use tradepost_store::order::fulfillment::{self, FulfillmentRow};
use tradepost_store::order::read;

use super::in_hand::OrderInHand;
use super::missing;
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version};
use crate::error::WriteError;
use crate::shop::Shop;
use crate::work::StaffContext;

/// The fulfillments of an order, the oldest first.
pub async fn list_fulfillments(shop: &Shop, order: OrderId) -> Result<Vec<FulfillmentView>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    read::get(&conn, order).await?.ok_or_else(missing)?;
    Ok(fulfillment::list(&conn, order).await?.iter().map(FulfillmentView::from).collect())
}

/// Units of a line in fulfillments that have not left yet.
pub fn pending_units(fulfillments: &[FulfillmentRow], line: OrderLineId) -> u32 {
    let pending = fulfillments.iter().filter(|one| one.status == ParcelStatus::Pending);
    pending.flat_map(|one| &one.lines).filter(|(id, _)| *id == line).map(|(_, units)| units).sum()
}

/// Opens an order with one of its fulfillments, which still has the version that was read.
async fn open<'a>(
    context: &'a StaffContext,
    (order, id): (OrderId, FulfillmentId),
    version: Option<Versions>,
    name: &'static str,
) -> Result<(OrderInHand<'a>, FulfillmentRow), WriteError> {
    let db = context.shop.store.admin();
    let opened = OrderInHand::open(context, db, order, name).await?.ok_or_else(missing)?;
    let found = fulfillment::list(&opened.work.tx, order).await?.into_iter().find(|one| one.id == id);
    let found = found.ok_or(WriteError::NotFound { kind: "fulfillment" })?;
    check_version(version, found.version)?;
    Ok((opened, found))
}

/// Refuses what asks for another state than the fulfillment's.
fn check_status(fulfillment: &FulfillmentRow, expected: ParcelStatus) -> Result<(), WriteError> {
    if fulfillment.status == expected {
        return Ok(());
    }
    let detail = format!("the fulfillment is {}, not {}", fulfillment.status.as_str(), expected.as_str());
    Err(WriteError::conflict("fulfillment_state", detail, None)
        .with_fact("current", fulfillment.status.as_str()))
}

/// Refuses to send what is not paid for, or was given up.
fn check_may_be_sent(order: &OrderRow) -> Result<(), WriteError> {
    if order.canceled_at.is_some() {
        return Err(WriteError::conflict("order_canceled", "the order was given up", None)
            .with_fact("current", order.status.as_str()));
    }
    if order.payment_status.allows_sending() {
        return Ok(());
    }
    let detail = "goods are sent when they are paid for, or when the money is set aside";
    Err(WriteError::conflict("order_not_paid", detail, None)
        .with_fact("payment_status", order.payment_status.as_str()))
}

/// Saves the order with a fulfillment that changed, and answers the fulfillment.
async fn finish(
    mut order: OrderInHand<'_>,
    fulfillment: &FulfillmentRow,
    (action, outcome): (&'static str, Outcome),
) -> Result<Answer, WriteError> {
    let id = order.order.id;
    let view = FulfillmentView::from(fulfillment);
    let told = json!({"fulfillment_id": view.id, "status": view.status, "lines": view.lines});
    order.note(&format!("fulfillment_{action}"), told.clone());
    order.work.audit(&format!("fulfillment.{action}"), ("order", id.as_uuid()), None, Some(told));
    order.save().await?;
    let answer = Answer::new(outcome, &view, Some(view.version))?;
    let answer = match outcome {
        Outcome::Created => answer.at(format!("/api/admin/orders/{id}/fulfillments")),
        _ => answer,
    };
    order.work.finish(answer).await
}
