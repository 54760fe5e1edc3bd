//! What staff see of a fulfillment.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::{FulfillmentId, OrderId, OrderLineId, ShipmentId, StockLocationId};
use tradepost_store::order::fulfillment::{FulfillmentRow, ShipmentRow};
use utoipa::ToSchema;

/// Units that leave together from one place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FulfillmentView {
    /// Id.
    #[schema(value_type = String, example = "ful_01000000000000000000000001")]
    pub id: FulfillmentId,
    /// The order.
    #[schema(value_type = String)]
    pub order_id: OrderId,
    /// The place that they leave.
    #[schema(value_type = String)]
    pub location_id: StockLocationId,
    /// `pending`, `shipped`, `delivered` or `canceled`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// Units of lines.
    pub lines: Vec<FulfillmentLineView>,
    /// The parcels that they left in.
    pub shipments: Vec<ShipmentView>,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it left.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    /// When it was given up.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub canceled_at: Option<Timestamp>,
}

/// Units of a line of the order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FulfillmentLineView {
    /// The line.
    #[schema(value_type = String)]
    pub line_id: OrderLineId,
    /// Units.
    pub quantity: u32,
}

/// A parcel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShipmentView {
    /// Id.
    #[schema(value_type = String, example = "ship_01000000000000000000000001")]
    pub id: ShipmentId,
    /// Who carries it.
    #[schema(required = true)]
    pub carrier: Option<String>,
    /// The carrier's number of it.
    #[schema(required = true)]
    pub tracking_number: Option<String>,
    /// Where the carrier tells of it.
    #[schema(required = true)]
    pub tracking_url: Option<String>,
    /// When it was handed over.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<&FulfillmentRow> for FulfillmentView {
    fn from(row: &FulfillmentRow) -> Self {
        let lines = row.lines.iter();
        Self {
            id: row.id,
            order_id: row.order_id,
            location_id: row.location_id,
            status: row.status.as_str(),
            lines: lines
                .map(|(line, units)| FulfillmentLineView { line_id: *line, quantity: *units })
                .collect(),
            shipments: row.shipments.iter().map(ShipmentView::from).collect(),
            version: row.version,
            created_at: row.created_at,
            shipped_at: row.shipped_at,
            delivered_at: row.delivered_at,
            canceled_at: row.canceled_at,
        }
    }
}

impl From<&ShipmentRow> for ShipmentView {
    fn from(row: &ShipmentRow) -> Self {
        let ShipmentRow { id, carrier, tracking_number, tracking_url, created_at } = row.clone();
        Self { id, carrier, tracking_number, tracking_url, created_at }
    }
}
