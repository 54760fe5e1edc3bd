//! Gives a fulfillment up before it leaves: its units may be promised anew. No stock moves: they were the order's and
//! stay so (case C10).

use tradepost_domain::kernel::ids::{FulfillmentId, OrderId};
use tradepost_domain::order::ParcelStatus;
use tradepost_store::order::fulfillment;

use super::{check_status, finish, open};
use crate::answer::{Answer, Outcome};
use crate::change::Versions;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Gives a fulfillment up.
pub async fn cancel_fulfillment(
    context: &StaffContext,
    ids: (OrderId, FulfillmentId),
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let (order, mut row) = open(context, ids, version, "cancel_fulfillment").await?;
    check_status(&row, ParcelStatus::Pending)?;
    row.status = ParcelStatus::Canceled;
    row.canceled_at = Some(order.now());
    row.version = row.version.saturating_add(1);
    fulfillment::update(&order.work.tx, &row).await?;
    finish(order, &row, ("canceled", Outcome::Done)).await
}
