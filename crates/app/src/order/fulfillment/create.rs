//! Promises units to leave together: never more than is left of a line, nor more than the order has at the place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::kernel::ids::{OrderId, OrderLineId, StockLocationId};
use tradepost_domain::order::{OpenLine, ParcelStatus, PlanRefusal, plan};
use tradepost_store::inventory::{self, LineUnits};
use tradepost_store::order::OrderLineRow;
use tradepost_store::order::fulfillment::{self, FulfillmentRow};
use tradepost_store::{catalog, stock_location};
use utoipa::ToSchema;

use super::{check_may_be_sent, finish, pending_units};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version};
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::order::missing;
use crate::work::StaffContext;

/// Lines that one fulfillment may name.
const LINES_MAX: usize = 100;

/// What is to leave together.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentCreate {
    /// Units of lines; all that is left when absent.
    #[serde(default)]
    #[schema(max_items = 100, min_items = 1)]
    pub lines: Option<Vec<FulfillmentLine>>,
    /// The place that they leave; where they lie when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub location_id: Option<StockLocationId>,
}

/// Units of a line.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfillmentLine {
    /// The line.
    #[schema(value_type = String)]
    pub line_id: OrderLineId,
    /// Units.
    #[schema(minimum = 1)]
    pub quantity: u32,
}

impl FulfillmentCreate {
    /// The units asked for, checked as far as that goes without the order.
    fn wanted(&self) -> Result<Vec<(OrderLineId, u32)>, WriteError> {
        let Some(lines) = &self.lines else { return Ok(Vec::new()) };
        if lines.is_empty() || lines.len() > LINES_MAX {
            let message = format!("1 to {LINES_MAX} lines, or none at all for everything that is left");
            return Err(WriteError::invalid("$.lines", "out_of_range", message));
        }
        for (index, line) in lines.iter().enumerate() {
            if line.quantity == 0 {
                let at = format!("$.lines[{index}].quantity");
                return Err(WriteError::invalid(at, "invalid_quantity", "at least 1"));
            }
            if lines.iter().take(index).any(|earlier| earlier.line_id == line.line_id) {
                let at = format!("$.lines[{index}].line_id");
                return Err(WriteError::invalid(at, "duplicate", "the line is named twice"));
            }
        }
        Ok(lines.iter().map(|line| (line.line_id, line.quantity)).collect())
    }
}

/// Makes a fulfillment.
pub async fn create_fulfillment(
    context: &StaffContext,
    id: OrderId,
    version: Option<Versions>,
    create: &FulfillmentCreate,
) -> Result<Answer, WriteError> {
    let wanted = create.wanted()?;
    let db = context.shop.store.admin();
    let opened = OrderInHand::open(context, db, id, "create_fulfillment").await?;
    let order = opened.ok_or_else(missing)?;
    check_version(version, order.order.version)?;
    check_may_be_sent(&order.order)?;
    let tx = &order.work.tx;
    if let Some(location) = create.location_id
        && stock_location::find(tx, Some(location), None).await?.is_none()
    {
        return Err(WriteError::invalid("$.location_id", "location_not_found", "there is no such place"));
    }
    let others = fulfillment::list(tx, id).await?;
    let allocated = inventory::allocated(tx, id).await?;
    let open: Vec<OpenLine> =
        order.order.lines.iter().map(|line| open_line(line, &others, &allocated)).collect();
    let plan = plan(&open, &wanted, create.location_id).map_err(|refusal| refused(&refusal))?;
    let location_id = if let Some(location) = plan.location {
        location
    } else {
        let new = order.work.next_id();
        catalog::stock_level::default_location(tx, new, order.now()).await?
    };
    let row = FulfillmentRow {
        id: order.work.next_id(),
        order_id: id,
        location_id,
        status: ParcelStatus::Pending,
        version: 1,
        created_at: order.now(),
        shipped_at: None,
        delivered_at: None,
        canceled_at: None,
        lines: plan.lines,
        shipments: Vec::new(),
    };
    fulfillment::insert(tx, &row).await?;
    finish(order, &row, ("created", Outcome::Created)).await
}

/// What may still be promised of a line.
fn open_line(line: &OrderLineRow, others: &[FulfillmentRow], allocated: &[LineUnits]) -> OpenLine {
    let of_line = || allocated.iter().filter(|units| units.order_line_id == line.id);
    let places: BTreeMap<StockLocationId, u32> = of_line()
        .map(|units| {
            let there = others.iter().filter(|other| other.location_id == units.location_id);
            let taken: u32 = there.map(|other| pending_units(std::slice::from_ref(other), line.id)).sum();
            let units_there = u32::try_from(units.quantity).unwrap_or(0);
            (units.location_id, units_there.saturating_sub(taken))
        })
        .collect();
    OpenLine {
        id: line.id,
        open: line.unsent().saturating_sub(pending_units(others, line.id)),
        places: of_line().next().is_some().then_some(places),
    }
}

fn refused(refusal: &PlanRefusal) -> WriteError {
    let quantity = |index: &usize| format!("$.lines[{index}].quantity");
    match refusal {
        PlanRefusal::UnknownLine { index } => WriteError::invalid(
            format!("$.lines[{index}].line_id"),
            "line_not_found",
            "the order has no such line",
        ),
        PlanRefusal::TooMany { index, left } => {
            let detail = format!("{left} units of the line are left to send");
            WriteError::conflict("fulfillment_too_large", detail, Some(&quantity(index)))
                .with_fact("fulfillable", *left)
        }
        PlanRefusal::Elsewhere { index, there } => {
            let detail = format!("{there} units of the line are the order's at this place");
            WriteError::conflict("not_at_location", detail, Some(&quantity(index)))
                .with_fact("available", *there)
        }
        PlanRefusal::SeveralPlaces(places) => {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            let detail = "the units lie at several places: name one, and make a fulfillment for each";
            WriteError::conflict("location_required", detail, Some("$.location_id"))
                .with_fact("locations", json!(places))
        }
        PlanRefusal::Nothing => WriteError::conflict("nothing_to_fulfill", "nothing is left to send", None)
            .with_fact("fulfillable", 0),
    }
}
