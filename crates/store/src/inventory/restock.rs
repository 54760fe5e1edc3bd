//! Units that come back: returned by a customer, or never left the house after all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tradepost_domain::inventory::PackWant;
use tradepost_domain::kernel::ids::{EntityId, OrderId, StockLocationId, VariantId};
use uuid::Uuid;

use super::{Cause, MovedLevel, NextId, moved_columns, moved_level};
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LOCK_RETURN = "
        select id
          from stock_level
         where id in (select stock_level_id from reservation where order_id = $1 and order_line_id = any ($2)
                       union
                      select id from stock_level where location_id = $3 and variant_id = any ($4))
         order by variant_id, location_id
           for no key update";
    // In the order of variants, so that two writers never wait for each other.
    RESTOCK = concat!("
        with l as (
            insert into stock_level as s (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by,
                                          moved_id, moved_note, updated_at)
            select r.id, v.id, $4, r.quantity, v.tracked, v.backorder, 'returned', $5, $6, $7, $8
              from unnest($1::uuid[], $2::uuid[], $3::int8[]) as r (id, variant_id, quantity)
              join variant v on v.id = r.variant_id
             where v.tracked
             order by v.id
                on conflict (variant_id, location_id) do update
               set on_hand = s.on_hand + excluded.on_hand, version = s.version + 1, updated_at = excluded.updated_at,
                   moved_kind = 'returned', moved_by = excluded.moved_by, moved_id = excluded.moved_id,
                   moved_note = excluded.moved_note, moved_for = null, moved_units = null
            returning s.*
        )
        select ", moved_columns!("- l.on_hand"), "
          from l
          join variant v on v.id = l.variant_id");
}

/// Units that come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnedLine {
    /// The variant.
    pub variant_id: VariantId,
    /// Units, above zero.
    pub quantity: i64,
}

/// Locks every level that a return of some units and a giving back of others touch, in the order that all keep: for one who
/// does both, [`super::give_back`] before [`restock`].
pub async fn lock_return(
    tx: &Tx,
    (order, unsent): (OrderId, &[PackWant]),
    (location, returned): (StockLocationId, &[ReturnedLine]),
) -> Result<(), StoreError> {
    let lines: Vec<Uuid> = unsent.iter().map(|line| line.order_line_id.as_uuid()).collect();
    let variants: Vec<Uuid> = returned.iter().map(|line| line.variant_id.as_uuid()).collect();
    let params: Params<'_> = &[&order.as_uuid(), &lines, &location.as_uuid(), &variants];
    tx.query(LOCK_RETURN, params).await.map(drop)
}

/// Puts units back on a level of a place, which is made where there is none; variants that nobody counts, or that are
/// gone, are passed over.
///
/// The cause is the refund or the return: the same one again is refused by the database.
pub async fn restock(
    tx: &Tx,
    location: StockLocationId,
    lines: &[ReturnedLine],
    (cause, now): (&Cause, Timestamp),
    next_id: NextId<'_>,
) -> Result<Vec<MovedLevel>, StoreError> {
    let mut units: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in lines {
        let units = units.entry(line.variant_id.as_uuid()).or_default();
        *units = units.saturating_add(line.quantity);
    }
    let (variants, quantities): (Vec<Uuid>, Vec<i64>) = units.into_iter().unzip();
    let ids: Vec<Uuid> = variants.iter().map(|_| next_id()).collect();
    let Cause { kind, id, note } = cause;
    let params: Params<'_> = &[&ids, &variants, &quantities, &location.as_uuid(), kind, id, note, &now];
    Ok(tx.query(RESTOCK, params).await?.iter().map(moved_level).collect())
}
