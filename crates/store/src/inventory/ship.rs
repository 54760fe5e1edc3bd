//! Units that leave, or are not to leave any more: what belongs to an order is taken off the level, whole reservations or
//! parts of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::inventory::{PackRefusal, PackWant, Packed, Promise, pack, unpack};
use tradepost_domain::kernel::ids::{
    EntityId, OrderId, OrderLineId, ReservationId, StockLevelId, StockLocationId, VariantId,
};
use uuid::Uuid;

use super::{Cause, MovedLevel, NextId, moved_columns, moved_level};
use crate::db::{Client, Params, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

/// Takes units off allocated reservations, whole ones or parts, and off their levels.
macro_rules! take {
    (to $state:literal, set $set:literal, where $where:literal, back $back:literal) => {
        take!(to $state, kind $state, set $set, where $where, back $back)
    };
    (to $state:literal, kind $kind:literal, set $set:literal, where $where:literal, back $back:literal) => {
        concat!(
            "
        with taken as (
            select * from unnest($1::uuid[], $2::int8[], $3::uuid[]) as t (id, quantity, part_id)
        ), whole as (
            update reservation r
               set state = '", $state, "', updated_at = $4
              from taken t
             where r.order_id = $8 and r.id = t.id and r.state = 'allocated' and r.quantity = t.quantity
            returning r.stock_level_id, r.quantity as units
        ), parted as (
            update reservation r
               set quantity = r.quantity - t.quantity, updated_at = $4
              from taken t
             where r.order_id = $8 and r.id = t.id and r.state = 'allocated' and r.quantity > t.quantity
            returning t.part_id, r.order_id, r.order_line_id, r.stock_level_id, r.variant_id, r.location_id,
                      t.quantity as units, r.created_at
        ), parts as (
            insert into reservation (id, order_id, order_line_id, stock_level_id, variant_id, location_id, quantity, state,
                                     created_at, updated_at)
            select part_id, order_id, order_line_id, stock_level_id, variant_id, location_id, units, '", $state, "', created_at, $4
              from parted
        ), sums as (
            select stock_level_id, sum(units)::int8 as units
              from (select stock_level_id, units from whole
                     union all
                    select stock_level_id, units from parted) gone
             group by stock_level_id
        )
        update stock_level l
           set ", $set, ", version = l.version + 1, updated_at = $4, moved_kind = '", $kind, "', moved_by = $5, moved_id = $6,
               moved_note = $7, moved_for = null, moved_units = null
          from sums s, variant v
         where l.id = s.stock_level_id
           and v.id = l.variant_id ", $where, "
        returning ",
            moved_columns!($back)
        )
    };
}

sql! {
    LOCK_RESERVATIONS = "
        select id, order_line_id, stock_level_id, variant_id, location_id, quantity, state
          from reservation
         where order_id = $1 and order_line_id = any ($2)
         order by order_id, id
           for update";
    ALLOCATED = "
        select order_line_id, location_id, sum(quantity) filter (where state = 'allocated')::int8 as units
          from reservation
         where order_id = $1
         group by order_line_id, location_id
         order by order_line_id, location_id";
    LOCK_LEVELS = "
        select id, on_hand
          from stock_level
         where id = any ($1)
         order by variant_id, location_id
           for no key update";
    SHIP = take!(to "shipped", set "on_hand = l.on_hand - s.units, allocated = l.allocated - s.units",
        where "and l.on_hand >= s.units", back "+ 0");
    GIVE_BACK = take!(to "released", kind "deallocated", set "allocated = l.allocated - s.units", where "", back "- s.units");
}

/// Units of a line that belong to the order at a place, those that left apart: 0 where all have left.
pub async fn allocated(client: &Client, order: OrderId) -> Result<Vec<LineUnits>, StoreError> {
    let rows = client.query(ALLOCATED, &[&order.as_uuid()]).await?;
    let units = rows.iter().map(|row| LineUnits {
        order_line_id: OrderLineId::from_uuid(row.get(0)),
        location_id: StockLocationId::from_uuid(row.get(1)),
        quantity: row.get::<_, Option<i64>>(2).unwrap_or(0),
    });
    Ok(units.collect())
}

/// What leaves from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShipFrom<'a> {
    /// The order.
    pub order_id: OrderId,
    /// The place that the units leave.
    pub location_id: StockLocationId,
    /// Units of its lines; a line may stand there twice.
    pub lines: &'a [PackWant],
}

/// Takes units that belong to an order off the levels of a place, all of them or none.
///
/// The cause is the fulfillment: the same one again is refused by the database. Three statements.
pub async fn ship(
    tx: &Tx,
    what: ShipFrom<'_>,
    (cause, now): (&Cause, Timestamp),
    next_id: NextId<'_>,
) -> Result<Result<Vec<MovedLevel>, Vec<PackRefusal>>, StoreError> {
    let rows = reservations(tx, what.order_id, what.lines).await?;
    let promises: Vec<Promise> = rows.iter().map(|row| promise(row, Some(what.location_id))).collect();
    let levels: Vec<Uuid> = promises.iter().map(|promise| promise.level_id.as_uuid()).collect();
    let levels = tx.query(LOCK_LEVELS, &[&levels]).await?;
    let on_hand: BTreeMap<StockLevelId, i64> =
        levels.iter().map(|row| (StockLevelId::from_uuid(row.get(0)), row.get(1))).collect();
    match pack(what.lines, &promises, &on_hand) {
        Ok(packed) => take_off(tx, SHIP, (what.order_id, &packed), (cause, now), next_id).await.map(Ok),
        Err(refusals) => Ok(Err(refusals)),
    }
}

/// Units of a line at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineUnits {
    /// The line.
    pub order_line_id: OrderLineId,
    /// The place.
    pub location_id: StockLocationId,
    /// Units.
    pub quantity: i64,
}

/// Gives units back that belong to an order and are not to be shipped any more, all of them or none; never those that
/// are kept for a place. They may be sold again.
///
/// The cause is the refund: the same one again is refused by the database. Three statements.
pub async fn give_back(
    tx: &Tx,
    order: OrderId,
    (lines, kept): (&[PackWant], &[LineUnits]),
    (cause, now): (&Cause, Timestamp),
    next_id: NextId<'_>,
) -> Result<Result<Vec<MovedLevel>, Vec<PackRefusal>>, StoreError> {
    let rows = reservations(tx, order, lines).await?;
    let mut kept: BTreeMap<(OrderLineId, StockLocationId), i64> =
        kept.iter().map(|kept| ((kept.order_line_id, kept.location_id), kept.quantity)).collect();
    let mut promises = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut promise = promise(row, None);
        let place = (promise.order_line_id, StockLocationId::from_uuid(row.get("location_id")));
        if let Some(kept) = kept.get_mut(&place).filter(|_| promise.ready) {
            let stays = promise.quantity.min(*kept);
            *kept = kept.saturating_sub(stays);
            promise.quantity = promise.quantity.saturating_sub(stays);
        }
        promises.push(promise);
    }
    let levels: Vec<Uuid> = promises.iter().map(|promise| promise.level_id.as_uuid()).collect();
    tx.query(LOCK_LEVELS, &[&levels]).await?;
    match unpack(lines, &promises) {
        Ok(packed) => take_off(tx, GIVE_BACK, (order, &packed), (cause, now), next_id).await.map(Ok),
        Err(refusals) => Ok(Err(refusals)),
    }
}

async fn reservations(tx: &Tx, order: OrderId, lines: &[PackWant]) -> Result<Vec<Row>, StoreError> {
    let lines: Vec<Uuid> = lines.iter().map(|line| line.order_line_id.as_uuid()).collect();
    tx.query(LOCK_RESERVATIONS, &[&order.as_uuid(), &lines]).await
}

async fn take_off(
    tx: &Tx,
    sql: Sql,
    (order, packed): (OrderId, &[Packed]),
    (cause, now): (&Cause, Timestamp),
    next_id: NextId<'_>,
) -> Result<Vec<MovedLevel>, StoreError> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = packed.iter().map(|packed| packed.reservation_id.as_uuid()).collect();
    let quantities: Vec<i64> = packed.iter().map(|packed| packed.quantity).collect();
    let parts: Vec<Uuid> = packed.iter().map(|_| next_id()).collect();
    let (order, Cause { kind, id, note }) = (order.as_uuid(), cause);
    let params: Params<'_> = &[&ids, &quantities, &parts, &now, kind, id, note, &order];
    Ok(tx.query(sql, params).await?.iter().map(moved_level).collect())
}

/// A reservation; ready where it is the order's, at the place if one is asked for.
fn promise(row: &Row, location_id: Option<StockLocationId>) -> Promise {
    let is_there =
        location_id.is_none_or(|place| StockLocationId::from_uuid(row.get("location_id")) == place);
    Promise {
        reservation_id: ReservationId::from_uuid(row.get("id")),
        order_line_id: OrderLineId::from_uuid(row.get("order_line_id")),
        variant_id: VariantId::from_uuid(row.get("variant_id")),
        level_id: StockLevelId::from_uuid(row.get("stock_level_id")),
        quantity: row.get("quantity"),
        ready: is_there && row.get::<_, &str>("state") == "allocated",
    }
}
