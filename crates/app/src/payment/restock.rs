//! Units of a refund that go back on the shelf. What was not sent yet is no longer to be, and may be sold again; what was
//! sent counts as returned.

use tradepost_domain::inventory::PackWant;
use tradepost_domain::kernel::ids::{EntityId, OrderLineId, RefundId, StockLocationId};
use tradepost_domain::order::ParcelStatus;
use tradepost_store::catalog::stock_level;
use tradepost_store::inventory::{self, Cause, LineUnits, ReturnedLine};
use tradepost_store::order::OrderLineRow;
use tradepost_store::order::fulfillment::{self, FulfillmentRow};

use super::inconsistent;
use crate::error::WriteError;
use crate::order::fulfillment::pending_units;
use crate::order::in_hand::OrderInHand;

/// Takes units of lines back, those first that are in no fulfillment and were not sent.
pub(super) async fn restock(
    order: &mut OrderInHand<'_>,
    refund: RefundId,
    units: &[(OrderLineId, u32)],
) -> Result<(), WriteError> {
    let parcels = fulfillment::list(&order.work.tx, order.order.id).await?;
    // What a canceled order held was given back with it.
    let canceled = order.order.canceled_at.is_some();
    let (mut unsent, mut returned) = (Vec::new(), Vec::new());
    for (index, (id, quantity)) in units.iter().enumerate() {
        let Some(line) = order.line_mut(*id) else { continue };
        let pending = pending_units(&parcels, *id);
        let open = if canceled { 0 } else { line.unsent().saturating_sub(pending) };
        let stay = (*quantity).min(open);
        let back = quantity.saturating_sub(stay).min(line.fulfilled.saturating_sub(line.returned));
        if pending > 0 && stay.saturating_add(back) < *quantity {
            return Err(packed_already(index, pending));
        }
        take_back(line, (stay, back), (&mut unsent, &mut returned));
    }
    let cause = Cause::new("refund", refund.as_uuid());
    let location = place_of_returns(order, &returned).await?;
    if let Some(location) = location.filter(|_| !unsent.is_empty()) {
        let stays = (order.order.id, unsent.as_slice());
        inventory::lock_return(&order.work.tx, stays, (location, &returned)).await?;
    }
    stay_here(order, &unsent, &parcels, &cause).await?;
    match location {
        Some(location) => come_back(order, location, &returned, &cause).await,
        None => Ok(()),
    }
}

/// Where units come back to, should there be any.
async fn place_of_returns(
    order: &OrderInHand<'_>,
    returned: &[ReturnedLine],
) -> Result<Option<StockLocationId>, WriteError> {
    if returned.is_empty() {
        return Ok(None);
    }
    let new: StockLocationId = order.work.next_id();
    Ok(Some(stock_level::default_location(&order.work.tx, new, order.now()).await?))
}

fn packed_already(index: usize, pending: u32) -> WriteError {
    let detail = "units of the line are in a fulfillment that was not sent yet: cancel it first, or send it";
    WriteError::conflict("fulfillment_pending", detail, Some(&format!("$.lines[{index}]")))
        .with_fact("pending", pending)
}

fn take_back(
    line: &mut OrderLineRow,
    (stay, back): (u32, u32),
    (unsent, returned): (&mut Vec<PackWant>, &mut Vec<ReturnedLine>),
) {
    line.canceled = line.canceled.saturating_add(stay);
    line.returned = line.returned.saturating_add(back);
    if stay > 0 {
        unsent.push(PackWant { order_line_id: line.id, quantity: i64::from(stay) });
    }
    if back > 0 {
        returned.push(ReturnedLine { variant_id: line.variant_id, quantity: i64::from(back) });
    }
}

/// Gives units up that were to be sent, those apart that are being packed.
async fn stay_here(
    order: &mut OrderInHand<'_>,
    unsent: &[PackWant],
    parcels: &[FulfillmentRow],
    cause: &Cause,
) -> Result<(), WriteError> {
    if unsent.is_empty() {
        return Ok(());
    }
    let mut kept: Vec<LineUnits> = Vec::new();
    for parcel in parcels.iter().filter(|parcel| parcel.status == ParcelStatus::Pending) {
        for (line, units) in &parcel.lines {
            let place = (*line, parcel.location_id);
            match kept.iter_mut().find(|kept| (kept.order_line_id, kept.location_id) == place) {
                Some(kept) => kept.quantity = kept.quantity.saturating_add(i64::from(*units)),
                None => kept.push(LineUnits {
                    order_line_id: *line,
                    location_id: parcel.location_id,
                    quantity: i64::from(*units),
                }),
            }
        }
    }
    let ids = order.caller().shop.ids.clone();
    let mut next_id = move || ids.next_uuid();
    let what = (unsent, kept.as_slice());
    let given =
        inventory::give_back(&order.work.tx, order.order.id, what, (cause, order.now()), &mut next_id)
            .await?;
    let moved =
        given.map_err(|refusals| inconsistent(format!("units to give back are gone: {refusals:?}")))?;
    order.moved(moved);
    Ok(())
}

/// Puts units that were sent and came back on the shelf.
async fn come_back(
    order: &mut OrderInHand<'_>,
    location: StockLocationId,
    returned: &[ReturnedLine],
    cause: &Cause,
) -> Result<(), WriteError> {
    let ids = order.caller().shop.ids.clone();
    let mut next_id = move || ids.next_uuid();
    let moved =
        inventory::restock(&order.work.tx, location, returned, (cause, order.now()), &mut next_id).await?;
    order.moved(moved);
    Ok(())
}
