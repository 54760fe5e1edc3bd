//! Units that leave: what belongs to an order is taken off the level, whole reservations or parts of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::inventory::{PackRefusal, PackWant, Promise, pack};
use tradepost_domain::kernel::ids::{
    EntityId, OrderId, OrderLineId, ReservationId, StockLevelId, StockLocationId, VariantId,
};
use uuid::Uuid;

use super::{Cause, MovedLevel, NextId, moved_columns, moved_level};
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LOCK_RESERVATIONS = "
        select id, order_line_id, stock_level_id, variant_id, location_id, quantity, state
          from reservation
         where order_id = $1 and order_line_id = any ($2)
         order by order_id, id
           for update";
    LOCK_LEVELS = "
        select id, on_hand
          from stock_level
         where id = any ($1)
         order by variant_id, location_id
           for no key update";
    SHIP = concat!("
        with taken as (
            select * from unnest($1::uuid[], $2::int8[], $3::uuid[]) as t (id, quantity, part_id)
        ), whole as (
            update reservation r
               set state = 'shipped', updated_at = $4
              from taken t
             where r.id = t.id and r.state = 'allocated' and r.quantity = t.quantity
            returning r.stock_level_id, r.quantity as units
        ), parted as (
            update reservation r
               set quantity = r.quantity - t.quantity, updated_at = $4
              from taken t
             where r.id = t.id and r.state = 'allocated' and r.quantity > t.quantity
            returning t.part_id, r.order_id, r.order_line_id, r.stock_level_id, r.variant_id, r.location_id,
                      t.quantity as units, r.created_at
        ), parts as (
            insert into reservation (id, order_id, order_line_id, stock_level_id, variant_id, location_id, quantity, state,
                                     created_at, updated_at)
            select part_id, order_id, order_line_id, stock_level_id, variant_id, location_id, units, 'shipped', created_at, $4
              from parted
        ), sums as (
            select stock_level_id, sum(units)::int8 as units
              from (select stock_level_id, units from whole
                     union all
                    select stock_level_id, units from parted) gone
             group by stock_level_id
        )
        update stock_level l
           set on_hand = l.on_hand - s.units, allocated = l.allocated - s.units, version = l.version + 1, updated_at = $4,
               moved_kind = 'shipped', moved_by = $5, moved_id = $6, moved_note = $7, moved_for = null, moved_units = null
          from sums s, variant v
         where l.id = s.stock_level_id
           and v.id = l.variant_id
           and l.on_hand >= s.units
        returning ", moved_columns!("+ 0"));
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
    let lines: Vec<Uuid> = what.lines.iter().map(|line| line.order_line_id.as_uuid()).collect();
    let rows = tx.query(LOCK_RESERVATIONS, &[&what.order_id.as_uuid(), &lines]).await?;
    let promises: Vec<Promise> = rows.iter().map(|row| promise(row, what.location_id)).collect();
    let levels: Vec<Uuid> = promises.iter().map(|promise| promise.level_id.as_uuid()).collect();
    let levels = tx.query(LOCK_LEVELS, &[&levels]).await?;
    let on_hand: BTreeMap<StockLevelId, i64> =
        levels.iter().map(|row| (StockLevelId::from_uuid(row.get(0)), row.get(1))).collect();
    let packed = match pack(what.lines, &promises, &on_hand) {
        Ok(packed) => packed,
        Err(refusals) => return Ok(Err(refusals)),
    };
    if packed.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let ids: Vec<Uuid> = packed.iter().map(|packed| packed.reservation_id.as_uuid()).collect();
    let quantities: Vec<i64> = packed.iter().map(|packed| packed.quantity).collect();
    let parts: Vec<Uuid> = packed.iter().map(|_| next_id()).collect();
    let Cause { kind, id, note } = cause;
    let params: Params<'_> = &[&ids, &quantities, &parts, &now, kind, id, note];
    let rows = tx.query(SHIP, params).await?;
    Ok(Ok(rows.iter().map(moved_level).collect()))
}

fn promise(row: &Row, location_id: StockLocationId) -> Promise {
    let is_there = StockLocationId::from_uuid(row.get("location_id")) == location_id;
    Promise {
        reservation_id: ReservationId::from_uuid(row.get("id")),
        order_line_id: OrderLineId::from_uuid(row.get("order_line_id")),
        variant_id: VariantId::from_uuid(row.get("variant_id")),
        level_id: StockLevelId::from_uuid(row.get("stock_level_id")),
        quantity: row.get("quantity"),
        ready: is_there && row.get::<_, &str>("state") == "allocated",
    }
}
