//! Notes that what was sent has arrived.

use tradepost_domain::kernel::ids::{FulfillmentId, OrderId};
use tradepost_domain::order::ParcelStatus;
use tradepost_store::order::fulfillment;

use super::{check_status, finish, open};
use crate::answer::{Answer, Outcome};
use crate::change::Versions;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Notes that a fulfillment has arrived.
pub async fn deliver_fulfillment(
    context: &StaffContext,
    ids: (OrderId, FulfillmentId),
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let (mut order, mut row) = open(context, ids, version, "deliver_fulfillment").await?;
    check_status(&row, ParcelStatus::Shipped)?;
    row.status = ParcelStatus::Delivered;
    row.delivered_at = Some(order.now());
    row.version = row.version.saturating_add(1);
    fulfillment::update(&order.work.tx, &row).await?;
    order.touch_parcels();
    finish(order, &row, ("delivered", Outcome::Done)).await
}
