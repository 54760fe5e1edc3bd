//! Sends a fulfillment: its units leave the shelf, and its lines count as sent.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::inventory::{PackRefusal, PackWant};
use tradepost_domain::kernel::Issue;
use tradepost_domain::kernel::ids::{EntityId, FulfillmentId, OrderId};
use tradepost_domain::kernel::issue::check_line;
use tradepost_domain::order::ParcelStatus;
use tradepost_store::inventory::{self, Cause, ShipFrom};
use tradepost_store::order::fulfillment::{self, FulfillmentRow, ShipmentRow};
use utoipa::ToSchema;

use super::{check_may_be_sent, check_status, finish, open};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, refuse};
use crate::error::WriteError;
use crate::mail::{OrderMail, ask_for_mail};
use crate::order::in_hand::OrderInHand;
use crate::work::StaffContext;

/// Characters of a carrier's name and number.
const NAME_LEN_MAX: usize = 100;
/// Characters of an address.
const URL_LEN_MAX: usize = 2_000;

/// The parcel that a fulfillment leaves in.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentCreate {
    /// Who carries it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub carrier: Option<String>,
    /// The carrier's number of it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub tracking_number: Option<String>,
    /// Where the carrier tells of it: an http or https address.
    #[serde(default)]
    #[schema(max_length = 2_000)]
    pub tracking_url: Option<String>,
}

impl ShipmentCreate {
    fn issues(&self) -> Vec<Issue> {
        let fields = [
            ("$.carrier", &self.carrier, NAME_LEN_MAX),
            ("$.tracking_number", &self.tracking_number, NAME_LEN_MAX),
            ("$.tracking_url", &self.tracking_url, URL_LEN_MAX),
        ];
        let checked = fields.into_iter().filter_map(|(path, text, len_max)| {
            text.as_ref().and_then(|text| check_line(path, text, len_max, true))
        });
        let mut issues: Vec<Issue> = checked.collect();
        // It stands in mails as a link: nothing but the web may be behind it.
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if self.tracking_url.as_ref().is_some_and(|url| !is_web(url)) {
            issues.push(Issue::new("$.tracking_url", "invalid_url", "expected an http or https address"));
        }
        issues
    }
}

/// Sends a fulfillment.
pub async fn ship_fulfillment(
    context: &StaffContext,
    ids: (OrderId, FulfillmentId),
    version: Option<Versions>,
    create: ShipmentCreate,
) -> Result<Answer, WriteError> {
    refuse(create.issues())?;
    let (mut order, mut row) = open(context, ids, version, "ship_fulfillment").await?;
    check_status(&row, ParcelStatus::Pending)?;
    check_may_be_sent(&order.order)?;
    row.status = ParcelStatus::Shipped;
    row.shipped_at = Some(order.now());
    row.version = row.version.saturating_add(1);
    let shipment = ShipmentRow {
        id: order.work.next_id(),
        carrier: create.carrier,
        tracking_number: create.tracking_number,
        tracking_url: create.tracking_url,
        created_at: order.now(),
    };
    fulfillment::update(&order.work.tx, &row).await?;
    fulfillment::insert_shipment(&order.work.tx, &row, &shipment).await?;
    row.shipments.push(shipment);
    for (line, units) in &row.lines {
        if let Some(line) = order.line_mut(*line) {
            line.fulfilled = line.fulfilled.saturating_add(*units);
        }
    }
    order.touch_parcels();
    let mail = OrderMail::OrderShipped { order_id: row.order_id, fulfillment_id: row.id };
    ask_for_mail(&mut order.work, &mail);
    // The shelf last: others may wait for it.
    leave(&mut order, &row).await?;
    finish(order, &row, ("shipped", Outcome::Created)).await
}

async fn leave(order: &mut OrderInHand<'_>, row: &FulfillmentRow) -> Result<(), WriteError> {
    let lines: Vec<PackWant> = row
        .lines
        .iter()
        .map(|(line, units)| PackWant { order_line_id: *line, quantity: i64::from(*units) })
        .collect();
    let what = ShipFrom { order_id: row.order_id, location_id: row.location_id, lines: &lines };
    let cause = Cause::new("fulfillment", row.id.as_uuid());
    let ids = order.caller().shop.ids.clone();
    let mut next_id = move || ids.next_uuid();
    let shipped = inventory::ship(&order.work.tx, what, (&cause, order.now()), &mut next_id).await?;
    let moved = shipped.map_err(|refusals| cannot_leave(&refusals))?;
    order.moved(moved);
    Ok(())
}

fn cannot_leave(refusals: &[PackRefusal]) -> WriteError {
    let told: Vec<_> = refusals
        .iter()
        .map(|refusal| match refusal {
            PackRefusal::NotAllocated { order_line_id, requested, allocated } => {
                json!({"line_id": order_line_id.to_string(), "requested": requested, "available": allocated})
            }
            PackRefusal::NotOnHand { variant_id, requested, on_hand } => {
                json!({"variant_id": variant_id.to_string(), "requested": requested, "available": on_hand})
            }
        })
        .collect();
    WriteError::conflict("insufficient_stock", "the units do not lie there", None)
        .with_fact("shortages", told)
}
