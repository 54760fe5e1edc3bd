//! Reservations: orders that arrive together are decided one after another over the levels that all of them want, locked
//! once; each gets all it wants or nothing, and a refused one refuses alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::inventory::{Pick, Place, Shelf, Shortage, Supply, Want};
use tradepost_domain::kernel::ids::{
    EntityId, OrderId, ProductId, ReservationId, StockLevelId, StockLocationId, VariantId,
};
use uuid::Uuid;

use super::{MovedLevel, ORDER, moved_columns, moved_level};
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

macro_rules! reserve {
    ($column:literal, $kind:literal, $state:literal) => {
        concat!(
            "
        with wanted as (
            select *
              from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int8[], $8::timestamptz[],
                          $9::uuid[])
                   as w (id, order_id, order_line_id, stock_level_id, variant_id, location_id, quantity, expires_at, cause_id)
        ), sums as (
            select stock_level_id, sum(units)::int8 as units, array_agg(cause_id) as causes, array_agg(units) as parts
              from (select stock_level_id, cause_id, sum(quantity)::int8 as units from wanted group by 1, 2) each_cause
             group by stock_level_id
        ), held as (
            insert into reservation (id, order_id, order_line_id, stock_level_id, variant_id, location_id, quantity, state,
                                     expires_at, created_at, updated_at)
            select id, order_id, order_line_id, stock_level_id, variant_id, location_id, quantity, '", $state, "',
                   expires_at, $10, $10
              from wanted
        )
        update stock_level l
           set ", $column, " = l.", $column, " + s.units, version = l.version + 1, updated_at = $10,
               moved_kind = '", $kind, "', moved_by = $11, moved_id = s.causes[1], moved_note = null,
               moved_for = s.causes, moved_units = s.parts
          from sums s, variant v
         where l.id = s.stock_level_id
           and v.id = l.variant_id
           and (not l.tracked or l.backorder or l.on_hand - l.allocated - l.reserved >= s.units)
        returning ",
            moved_columns!("+ s.units")
        )
    };
}

sql! {
    // The locks first, in the order in which everybody takes them; what is read is what the lock found. With it comes by what
    // whoever decided from memory finds out whether all still is as it was.
    LOCK = "
        with locked as materialized (
            select id, variant_id, location_id, on_hand, on_hand - allocated - reserved as free, tracked, backorder, version
              from stock_level
             where variant_id = any ($1)
             order by variant_id, location_id
               for no key update
        )
        select v.id, coalesce(k.tracked, v.tracked) as tracked, coalesce(k.backorder, v.backorder) as backorder,
               k.id as level_id, k.location_id, k.free, k.on_hand, k.version, v.product_id, p.version as product_version,
               (select epoch from rules_epoch) as epoch
          from variant v
          join product p on p.id = v.product_id
          left join locked k on k.variant_id = v.id
          left join stock_location s on s.id = k.location_id
         where v.id = any ($1)
         order by v.id, s.is_default desc, s.handle";
    OPEN = "
        insert into stock_level (id, variant_id, location_id, tracked, backorder, moved_kind, moved_by, moved_id, updated_at)
        select o.id, v.id, s.id, v.tracked, v.backorder, 'received', 'order', o.id, $3
          from unnest($1::uuid[], $2::uuid[]) as o (id, variant_id)
          join variant v on v.id = o.variant_id
          join (select id from stock_location order by is_default desc, handle limit 1) s on true
         order by v.id
            on conflict (variant_id, location_id) do nothing";
    HOLD = reserve!("reserved", "reserved", "held");
    ALLOCATE = reserve!("allocated", "allocated", "allocated");
}

/// How an order takes its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Until it is paid, or the moment has come.
    Held {
        /// When the hold runs out; `None` for never.
        expires_at: Option<Timestamp>,
    },
    /// For good: it is paid, or needs no payment.
    Allocated,
}

/// What one order wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReserveOrder {
    /// The order.
    pub order_id: OrderId,
    /// What its movements are caused by: the order, or what made it try again.
    pub cause_id: Uuid,
    /// How.
    pub hold: Hold,
    /// Its lines; several may want the same variant.
    pub lines: Vec<Want>,
}

/// Draws an id.
pub type NextId<'a> = &'a mut (dyn FnMut() -> Uuid + Send);

/// What became of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// For each order, in the order in which they were given, what it took, or the variants that were short.
    pub outcomes: Vec<Outcome>,
    /// The levels that changed.
    pub moved: Vec<MovedLevel>,
}

/// Reserves what orders want, one after another as they stand; each all or nothing.
///
/// Two statements, three where some are held and some are allocated, and two more where something is ordered back that
/// never had a level. Nothing of a refused order is kept.
pub async fn reserve(
    tx: &Tx,
    orders: &[ReserveOrder],
    (cause_kind, now): (Option<&'static str>, Timestamp),
    next_id: NextId<'_>,
) -> Result<Reserved, StoreError> {
    let mut locked = lock(tx, orders, now, next_id).await?;
    let outcomes: Vec<Outcome> = orders.iter().map(|order| locked.take(order)).collect();
    let moved = take(tx, orders, &outcomes, (cause_kind, now), next_id).await?;
    Ok(Reserved { outcomes, moved })
}

/// What an order takes, or the variants that are short.
pub type Outcome = Result<Vec<Pick>, Vec<Shortage>>;

/// A level that is locked, as it is while what was decided over it is not written yet.
#[derive(Debug, Clone, Copy)]
struct LockedLevel {
    variant_id: VariantId,
    on_hand: i64,
    free: i64,
    backorder: bool,
    version: i64,
}

/// Goods whose levels are locked: nobody else takes of them until the transaction ends.
#[derive(Debug, Default)]
pub struct Locked {
    shelf: Shelf,
    levels: BTreeMap<StockLevelId, LockedLevel>,
    products: BTreeMap<VariantId, (ProductId, i64)>,
    epoch: i64,
}

impl Locked {
    /// Takes all that an order wants, or nothing. What was taken is written by [`take`] or with the order, in the same
    /// transaction.
    pub fn take(&mut self, order: &ReserveOrder) -> Outcome {
        self.shelf.take(&order.lines)
    }

    /// The epoch of the shop's rules.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The version of a variant's product; `None` where the variant is gone.
    pub fn product_version(&self, variant: VariantId) -> Option<i64> {
        self.products.get(&variant).map(|(_, version)| *version)
    }

    /// Units of a variant that nobody has been promised, over all its levels and before anything was taken.
    pub fn available(&self, variant: VariantId) -> i64 {
        let levels = self.levels.values().filter(|level| level.variant_id == variant);
        levels.fold(0, |sum: i64, level| sum.saturating_add(level.free))
    }

    /// Notes that levels were changed by what was taken of them.
    pub fn note(&mut self, moved: &[MovedLevel]) {
        for change in moved {
            if let Some(level) = self.levels.get_mut(&change.stock_level_id) {
                (level.free, level.version) = (change.available, change.version);
            }
        }
    }

    /// The levels as they are once it is written what is taken of them.
    pub fn moved_by<'a>(&self, picks: impl IntoIterator<Item = &'a Pick>) -> Vec<MovedLevel> {
        let mut sums: BTreeMap<StockLevelId, i64> = BTreeMap::new();
        for pick in picks {
            let units = sums.entry(pick.level_id).or_default();
            *units = units.saturating_add(pick.quantity);
        }
        let moved = sums.into_iter().filter_map(|(id, units)| {
            let level = self.levels.get(&id)?;
            Some(MovedLevel {
                stock_level_id: id,
                variant_id: level.variant_id,
                product_id: self.products.get(&level.variant_id)?.0,
                on_hand: level.on_hand,
                available: level.free.saturating_sub(units),
                available_before: level.free,
                backorder: level.backorder,
                version: level.version.saturating_add(1),
            })
        });
        moved.collect()
    }
}

/// Locks the levels that orders want; nothing is written, but for levels of what is ordered back and never had one.
pub async fn lock(
    tx: &Tx,
    orders: &[ReserveOrder],
    now: Timestamp,
    next_id: NextId<'_>,
) -> Result<Locked, StoreError> {
    let wanted: BTreeSet<Uuid> =
        orders.iter().flat_map(|order| &order.lines).map(|want| want.variant_id.as_uuid()).collect();
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    if wanted.is_empty() {
        return Ok(Locked::default());
    }
    let rows = tx.query(LOCK, &[&wanted]).await?;
    let no_level = |row: &&Row| row.get::<_, Option<Uuid>>("level_id").is_none();
    let open = rows.iter().filter(no_level).filter(|row| row.get("tracked") && row.get("backorder"));
    let open: Vec<Uuid> = open.map(|row| row.get("id")).collect();
    if open.is_empty() {
        return Ok(locked(&rows));
    }
    let ids: Vec<Uuid> = open.iter().map(|_| next_id()).collect();
    tx.execute(OPEN, &[&ids, &open, &now]).await?;
    Ok(locked(&tx.query(LOCK, &[&wanted]).await?))
}

/// Prepares what [`lock`] sends, so that it goes where it stands in a flight.
pub async fn ready_to_lock(tx: &Tx) -> Result<(), StoreError> {
    tx.ready(LOCK).await
}

/// Writes what was decided of orders; answers the levels that changed.
pub async fn take(
    tx: &Tx,
    orders: &[ReserveOrder],
    outcomes: &[Outcome],
    (cause_kind, now): (Option<&'static str>, Timestamp),
    next_id: NextId<'_>,
) -> Result<Vec<MovedLevel>, StoreError> {
    let mut moved = Vec::new();
    for (sql, for_good) in [(HOLD, false), (ALLOCATE, true)] {
        let taken =
            orders.iter().zip(outcomes).filter(|(order, _)| (order.hold == Hold::Allocated) == for_good);
        let taken = taken.filter_map(|(order, picks)| Some((order, picks.as_ref().ok()?)));
        let taken: Vec<(&ReserveOrder, &Pick)> =
            taken.flat_map(|(order, picks)| picks.iter().map(move |pick| (order, pick))).collect();
        moved.extend(write(tx, sql, &taken, (cause_kind.unwrap_or(ORDER), now), next_id).await?);
    }
    Ok(moved)
}

fn locked(rows: &[Row]) -> Locked {
    let mut locked = Locked { shelf: shelf(rows), ..Locked::default() };
    for row in rows {
        let variant_id = VariantId::from_uuid(row.get("id"));
        let product = ProductId::from_uuid(row.get("product_id"));
        locked.products.insert(variant_id, (product, row.get("product_version")));
        locked.epoch = row.get("epoch");
        let Some(level_id) = row.get::<_, Option<Uuid>>("level_id") else { continue };
        let level = LockedLevel {
            variant_id,
            on_hand: row.get("on_hand"),
            free: row.get("free"),
            backorder: row.get("backorder"),
            version: row.get("version"),
        };
        locked.levels.insert(StockLevelId::from_uuid(level_id), level);
    }
    locked
}

fn shelf(rows: &[Row]) -> Shelf {
    let mut supplies: BTreeMap<VariantId, Supply> = BTreeMap::new();
    for row in rows {
        let variant_id = VariantId::from_uuid(row.get("id"));
        if !row.get::<_, bool>("tracked") {
            supplies.insert(variant_id, Supply::Untracked);
            continue;
        }
        let empty = || Supply::Tracked { backorder: row.get("backorder"), places: Vec::new() };
        let supply = supplies.entry(variant_id).or_insert_with(empty);
        let level_id: Option<Uuid> = row.get("level_id");
        if let (Supply::Tracked { places, .. }, Some(level_id)) = (supply, level_id) {
            places.push(Place {
                level_id: StockLevelId::from_uuid(level_id),
                location_id: StockLocationId::from_uuid(row.get("location_id")),
                free: row.get("free"),
            });
        }
    }
    Shelf::new(supplies)
}

async fn write(
    tx: &Tx,
    sql: Sql,
    taken: &[(&ReserveOrder, &Pick)],
    (cause_kind, now): (&'static str, Timestamp),
    next_id: NextId<'_>,
) -> Result<Vec<MovedLevel>, StoreError> {
    fn column<T>(taken: &[(&ReserveOrder, &Pick)], of: impl Fn(&ReserveOrder, &Pick) -> T) -> Vec<T> {
        taken.iter().map(|(order, pick)| of(order, pick)).collect()
    }
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = taken.iter().map(|_| ReservationId::from_uuid(next_id()).as_uuid()).collect();
    let expires_at = |order: &ReserveOrder, _: &Pick| match order.hold {
        Hold::Held { expires_at } => expires_at,
        Hold::Allocated => None,
    };
    let levels = column(taken, |_, pick| pick.level_id.as_uuid());
    let params: Params<'_> = &[
        &ids,
        &column(taken, |order, _| order.order_id.as_uuid()),
        &column(taken, |_, pick| pick.order_line_id.as_uuid()),
        &levels,
        &column(taken, |_, pick| pick.variant_id.as_uuid()),
        &column(taken, |_, pick| pick.location_id.as_uuid()),
        &column(taken, |_, pick| pick.quantity),
        &column(taken, expires_at),
        &column(taken, |order, _| order.cause_id),
        &now,
        &cause_kind,
    ];
    let rows = tx.query(sql, params).await?;
    // The rows are locked and were read so: a level that did not change is a fault of ours, and ends the transaction.
    let wanted = levels.iter().collect::<BTreeSet<_>>().len();
    if rows.len() != wanted {
        return Err(StoreError::inconsistent("stock_level", "a locked level has fewer units than it had"));
    }
    Ok(rows.iter().map(moved_level).collect())
}
