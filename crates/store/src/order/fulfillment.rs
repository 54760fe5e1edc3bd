//! Fulfillments: what is to leave together from one place, and the parcel that it left in. Written under the order's lock.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{
    EntityId, FulfillmentId, OrderId, OrderLineId, ShipmentId, StockLocationId,
};
use tradepost_domain::order::ParcelStatus;
use uuid::Uuid;

use crate::db::{Client, Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, order_id, location_id, status, version, created_at, shipped_at, delivered_at, canceled_at
          from fulfillment
         where order_id = $1
         order by id";
    LIST_LINES = "
        select l.fulfillment_id, l.order_line_id, l.quantity
          from fulfillment_line l
          join fulfillment f on f.id = l.fulfillment_id
         where f.order_id = $1
         order by l.fulfillment_id, l.order_line_id";
    LIST_SHIPMENTS = "
        select id, fulfillment_id, carrier, tracking_number, tracking_url, created_at
          from shipment
         where order_id = $1
         order by id";
    INSERT = "
        insert into fulfillment (id, order_id, location_id, status, version, created_at)
        values ($1, $2, $3, $4, 1, $5)";
    INSERT_LINES = "
        insert into fulfillment_line (fulfillment_id, order_line_id, quantity)
        select $1, l.order_line_id, l.quantity
          from unnest($2::uuid[], $3::int4[]) as l (order_line_id, quantity)";
    UPDATE = "
        update fulfillment
           set status = $2, version = $3, shipped_at = $4, delivered_at = $5, canceled_at = $6
         where id = $1";
    CANCEL_PENDING = "
        update fulfillment
           set status = 'canceled', version = version + 1, canceled_at = $2
         where order_id = $1 and status = 'pending'";
    INSERT_SHIPMENT = "
        insert into shipment (id, fulfillment_id, order_id, carrier, tracking_number, tracking_url, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
}

/// What is to leave together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FulfillmentRow {
    /// Id.
    pub id: FulfillmentId,
    /// The order.
    pub order_id: OrderId,
    /// The place that it leaves.
    pub location_id: StockLocationId,
    /// How far it has come.
    pub status: ParcelStatus,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// When it was given up.
    pub canceled_at: Option<Timestamp>,
    /// Units of lines.
    pub lines: Vec<(OrderLineId, u32)>,
    /// The parcels that it left in.
    pub shipments: Vec<ShipmentRow>,
}

/// A parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentRow {
    /// Id.
    pub id: ShipmentId,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number of it.
    pub tracking_number: Option<String>,
    /// Where the carrier tells of it.
    pub tracking_url: Option<String>,
    /// When it was handed over.
    pub created_at: Timestamp,
}

fn from_row(row: &Row) -> Result<FulfillmentRow, StoreError> {
    let status: &str = row.get(3);
    Ok(FulfillmentRow {
        id: FulfillmentId::from_uuid(row.get(0)),
        order_id: OrderId::from_uuid(row.get(1)),
        location_id: StockLocationId::from_uuid(row.get(2)),
        status: ParcelStatus::parse(status).ok_or_else(|| StoreError::inconsistent("fulfillment", status))?,
        version: row.get(4),
        created_at: row.get(5),
        shipped_at: row.get(6),
        delivered_at: row.get(7),
        canceled_at: row.get(8),
        lines: Vec::new(),
        shipments: Vec::new(),
    })
}

/// The fulfillments of an order, the oldest first, whole. Three statements in one flight.
pub async fn list(client: &Client, order: OrderId) -> Result<Vec<FulfillmentRow>, StoreError> {
    let order = order.as_uuid();
    let params: Params<'_> = &[&order];
    let (rows, lines, shipments) = futures_util::future::try_join3(
        client.query(LIST, params),
        client.query(LIST_LINES, params),
        client.query(LIST_SHIPMENTS, params),
    )
    .await?;
    let mut fulfillments = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    for fulfillment in &mut fulfillments {
        let id = fulfillment.id.as_uuid();
        for row in lines.iter().filter(|row| row.get::<_, Uuid>(0) == id) {
            let units = u32::try_from(row.get::<_, i32>(2));
            let units = units.map_err(|_| StoreError::inconsistent("fulfillment_line", "quantity"))?;
            fulfillment.lines.push((OrderLineId::from_uuid(row.get(1)), units));
        }
        let parcels = shipments.iter().filter(|row| row.get::<_, Uuid>(1) == id);
        fulfillment.shipments = parcels.map(shipment_from_row).collect();
    }
    Ok(fulfillments)
}

fn shipment_from_row(row: &Row) -> ShipmentRow {
    ShipmentRow {
        id: ShipmentId::from_uuid(row.get(0)),
        carrier: row.get(2),
        tracking_number: row.get(3),
        tracking_url: row.get(4),
        created_at: row.get(5),
    }
}

/// Stores a new fulfillment with its lines.
pub async fn insert(tx: &Tx, fulfillment: &FulfillmentRow) -> Result<(), StoreError> {
    let id = fulfillment.id.as_uuid();
    let order = fulfillment.order_id.as_uuid();
    let location = fulfillment.location_id.as_uuid();
    let status = fulfillment.status.as_str();
    let lines: Vec<Uuid> = fulfillment.lines.iter().map(|(line, _)| line.as_uuid()).collect();
    let units: Vec<i32> =
        fulfillment.lines.iter().map(|(_, units)| i32::try_from(*units).unwrap_or(i32::MAX)).collect();
    let head: Params<'_> = &[&id, &order, &location, &status, &fulfillment.created_at];
    let of_lines: Params<'_> = &[&id, &lines, &units];
    futures_util::future::try_join(tx.execute(INSERT, head), tx.execute(INSERT_LINES, of_lines))
        .await
        .map(drop)
}

/// Stores how far a fulfillment has come.
pub async fn update(tx: &Tx, fulfillment: &FulfillmentRow) -> Result<(), StoreError> {
    let params: Params<'_> = &[
        &fulfillment.id.as_uuid(),
        &fulfillment.status.as_str(),
        &fulfillment.version,
        &fulfillment.shipped_at,
        &fulfillment.delivered_at,
        &fulfillment.canceled_at,
    ];
    tx.execute(UPDATE, params).await.map(drop)
}

/// Gives up what has not left of an order.
pub async fn cancel_pending(tx: &Tx, order: OrderId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(CANCEL_PENDING, &[&order.as_uuid(), &now]).await.map(drop)
}

/// Stores the parcel that a fulfillment left in.
pub async fn insert_shipment(
    tx: &Tx,
    fulfillment: &FulfillmentRow,
    shipment: &ShipmentRow,
) -> Result<(), StoreError> {
    let params: Params<'_> = &[
        &shipment.id.as_uuid(),
        &fulfillment.id.as_uuid(),
        &fulfillment.order_id.as_uuid(),
        &shipment.carrier,
        &shipment.tracking_number,
        &shipment.tracking_url,
        &shipment.created_at,
    ];
    tx.execute(INSERT_SHIPMENT, params).await.map(drop)
}
