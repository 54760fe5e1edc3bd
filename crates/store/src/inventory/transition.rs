//! What orders hold, from state to state: a hold is let go or becomes theirs, and what is theirs is given back.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{EntityId, OrderId};

use super::{Cause, MovedLevel, cause_parts, moved_columns, moved_level, order_ids};
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

macro_rules! transition {
    (from $from:literal, to $to:literal, kind $kind:literal, set $set:literal) => {
        concat!(
            "
        with mine as materialized (
            select order_id, id
              from reservation
             where order_id = any ($1) and state = '", $from, "'
             order by order_id, id
               for update
        ), turned as (
            update reservation r
               set state = '", $to, "', expires_at = null, updated_at = $2
              from mine
             where r.order_id = mine.order_id and r.id = mine.id and r.state = '", $from, "'
            returning r.stock_level_id, coalesce($4, r.order_id) as cause_id, r.quantity
        ), sums as (
            select stock_level_id, sum(units)::int8 as units, array_agg(cause_id) as causes, array_agg(units) as parts
              from (select stock_level_id, cause_id, sum(quantity)::int8 as units from turned group by 1, 2) each_cause
             group by stock_level_id
        ), locked as materialized (
            select l.id
              from stock_level l
             where l.id in (select stock_level_id from sums)
             order by l.variant_id, l.location_id
               for no key update
        )
        update stock_level l
           set ", $set, ", version = l.version + 1, updated_at = $2, moved_kind = '", $kind, "', moved_by = $3,
               moved_id = s.causes[1], moved_note = $5, moved_for = s.causes, moved_units = s.parts
          from sums s
          join locked k on k.id = s.stock_level_id, variant v
         where l.id = s.stock_level_id and v.id = l.variant_id
        returning ",
            moved_columns!("- s.units")
        )
    };
}

sql! {
    RELEASE = transition!(from "held", to "released", kind "released", set "reserved = l.reserved - s.units");
    ALLOCATE = transition!(from "held", to "allocated", kind "allocated",
        set "reserved = l.reserved - s.units, allocated = l.allocated + s.units");
    DEALLOCATE = transition!(from "allocated", to "released", kind "deallocated",
        set "allocated = l.allocated - s.units");
    EXTEND = "
        update reservation set expires_at = $2, updated_at = $3 where order_id = $1 and state = 'held'";
    EXPIRED = "
        select order_id
          from (select order_id, min(expires_at) as expires_at
                  from (select order_id, expires_at
                          from reservation
                         where expires_at <= $1
                         order by expires_at
                         limit $2) due
                 group by order_id) due
         order by expires_at, order_id";
}

async fn turn(
    tx: &Tx,
    sql: Sql,
    orders: &[OrderId],
    cause: Option<&Cause>,
    now: Timestamp,
) -> Result<Vec<MovedLevel>, StoreError> {
    let (kind, id, note) = cause_parts(cause);
    let rows = tx.query(sql, &[&order_ids(orders), &now, &kind, &id, &note]).await?;
    Ok(rows.iter().map(moved_level).collect())
}

/// Lets go of what orders still hold; of those whose holds are gone or have become theirs nothing changes.
///
/// Without a cause, each order is the cause of its own movements. Answers the levels that changed: none means that
/// somebody else was faster.
pub async fn release(
    tx: &Tx,
    orders: &[OrderId],
    cause: Option<&Cause>,
    now: Timestamp,
) -> Result<Vec<MovedLevel>, StoreError> {
    turn(tx, RELEASE, orders, cause, now).await
}

/// Turns what orders hold into what is theirs: they are paid.
pub async fn allocate(
    tx: &Tx,
    orders: &[OrderId],
    cause: Option<&Cause>,
    now: Timestamp,
) -> Result<Vec<MovedLevel>, StoreError> {
    turn(tx, ALLOCATE, orders, cause, now).await
}

/// Gives back what belongs to orders and was not shipped: they are canceled.
pub async fn deallocate(
    tx: &Tx,
    orders: &[OrderId],
    cause: Option<&Cause>,
    now: Timestamp,
) -> Result<Vec<MovedLevel>, StoreError> {
    turn(tx, DEALLOCATE, orders, cause, now).await
}

/// Moves the moment at which an order's holds run out; `None` for never. `false` when it holds nothing any more.
pub async fn extend(
    tx: &Tx,
    order: OrderId,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(EXTEND, &[&order.as_uuid(), &expires_at, &now]).await? > 0)
}

/// Orders whose holds have run out, the longest waiting first; `limit` counts reservations.
///
/// Only candidates, and nothing is locked: who lets go of one locks the order first (skipping those that others have), as
/// everybody does, and asks again by the conditional [`release`].
pub async fn expired(client: &Client, now: Timestamp, limit: i64) -> Result<Vec<OrderId>, StoreError> {
    let rows = client.query(EXPIRED, &[&now, &limit]).await?;
    Ok(rows.iter().map(|row| OrderId::from_uuid(row.get(0))).collect())
}
