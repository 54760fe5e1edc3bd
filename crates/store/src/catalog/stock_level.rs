//! Stock levels: how much of a variant lies where.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, ProductId, StockLevelId, StockLocationId, VariantId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::inventory::Cause;
use crate::sql::sql;

macro_rules! levels {
    ($tail:literal) => {
        concat!(
            "
        select l.id, l.variant_id, l.location_id, l.on_hand, l.allocated, l.reserved, l.tracked, l.backorder,
               l.version, l.updated_at, v.product_id, v.sku
          from stock_level l
          join variant v on v.id = l.variant_id",
            $tail
        )
    };
}

sql! {
    LIST_BY_PRODUCTS = levels!("
         where v.product_id = any ($1)
         order by l.id");
    GET = levels!("
         where l.id = $1");
    GET_FOR_UPDATE = levels!("
         where l.id = $1
           for update of l");
    LOCK_AT = levels!("
          join unnest($1::uuid[], $2::uuid[]) as a (variant_id, location_id)
            on a.variant_id = l.variant_id and a.location_id = l.location_id
         order by l.variant_id, l.location_id
           for no key update of l");
    RESOLVE = "
        select coalesce(by_id.id, by_sku.id), s.id
          from unnest($1::uuid[], $2::text[], $3::uuid[]) with ordinality as t (variant_id, sku, location_id, place)
          left join variant by_id on by_id.id = t.variant_id
          left join variant by_sku on by_sku.sku = t.sku
          left join stock_location s on s.id = t.location_id
         order by t.place";
    // A version says which level was read: one that somebody else has made meanwhile is not written over.
    WRITE = "
        insert into stock_level (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by, moved_id,
                                 moved_note, version, updated_at)
        select w.id, v.id, w.location_id, w.on_hand, v.tracked, v.backorder, 'received', w.kind, w.cause_id, w.note,
               w.version, $9
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int8[], $5::int8[], $6::text[], $7::uuid[], $8::text[])
               as w (id, variant_id, location_id, on_hand, version, kind, cause_id, note)
          join variant v on v.id = w.variant_id
         order by v.id, w.location_id
            on conflict (variant_id, location_id) do update
           set on_hand = excluded.on_hand, version = excluded.version, updated_at = excluded.updated_at,
               moved_kind = 'adjusted', moved_by = excluded.moved_by, moved_id = excluded.moved_id,
               moved_note = excluded.moved_note, moved_for = null, moved_units = null
         where stock_level.version = excluded.version - 1";
    LIST = levels!("
         where ($1::uuid is null or l.variant_id = $1)
           and ($2::text is null or v.sku = $2)
           and ($3::uuid is null or l.id > $3)
         order by l.id
         limit $4");
    COUNT = "
        select count(*)
          from stock_level l
          join variant v on v.id = l.variant_id
         where ($1::uuid is null or l.variant_id = $1)
           and ($2::text is null or v.sku = $2)";
    UPDATE = "
        update stock_level
           set on_hand = $2, version = $3, updated_at = $4, moved_kind = 'adjusted', moved_by = $5, moved_id = $6,
               moved_note = $7, moved_for = null, moved_units = null
         where id = $1";
    // In the order of variants, so that two writers never wait for each other.
    SET_ON_HAND = "
        insert into stock_level (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by, moved_id,
                                 moved_note, version, updated_at)
        select s.id, s.variant_id, $4, s.on_hand, v.tracked, v.backorder, 'received', $5, $6, $7, 1, $8
          from unnest($1::uuid[], $2::uuid[], $3::int8[]) as s (id, variant_id, on_hand)
          join variant v on v.id = s.variant_id
         order by s.variant_id
        on conflict (variant_id, location_id) do update
           set on_hand = excluded.on_hand, version = stock_level.version + 1, updated_at = excluded.updated_at,
               moved_kind = 'adjusted', moved_by = excluded.moved_by, moved_id = excluded.moved_id,
               moved_note = excluded.moved_note, moved_for = null, moved_units = null
         where stock_level.on_hand <> excluded.on_hand";
    ADD_DEFAULT_LOCATION = "
        insert into stock_location (id, handle, name, is_default, created_at, updated_at)
        select $1, 'main', 'Main', true, $2, $2
         where not exists (select 1 from stock_location where is_default)
        on conflict do nothing";
    DEFAULT_LOCATION = "
        select id from stock_location order by is_default desc, handle limit 1";
}

/// The stock of one variant at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLevel {
    /// Id.
    pub id: StockLevelId,
    /// The variant.
    pub variant_id: VariantId,
    /// The variant's product.
    pub product_id: ProductId,
    /// The variant's SKU.
    pub sku: Option<String>,
    /// Where it lies.
    pub location_id: StockLocationId,
    /// Units that lie there.
    pub on_hand: i64,
    /// Units that belong to orders.
    pub allocated: i64,
    /// Units that are held for checkouts.
    pub reserved: i64,
    /// Whether it sells no more than lies there: the variant's stock is tracked, and it cannot be ordered back.
    pub limited: bool,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl StockLevel {
    /// Units that can still be sold; below zero where more was promised than there is.
    pub fn available(&self) -> i64 {
        self.on_hand.saturating_sub(self.promised())
    }

    /// Units that belong to orders or are held for checkouts.
    pub fn promised(&self) -> i64 {
        self.allocated.saturating_add(self.reserved)
    }
}

fn from_row(row: &Row) -> StockLevel {
    StockLevel {
        id: StockLevelId::from_uuid(row.get("id")),
        variant_id: VariantId::from_uuid(row.get("variant_id")),
        product_id: ProductId::from_uuid(row.get("product_id")),
        sku: row.get("sku"),
        location_id: StockLocationId::from_uuid(row.get("location_id")),
        on_hand: row.get("on_hand"),
        allocated: row.get("allocated"),
        reserved: row.get("reserved"),
        limited: row.get::<_, bool>("tracked") && !row.get::<_, bool>("backorder"),
        version: row.get("version"),
        updated_at: row.get("updated_at"),
    }
}

/// The stock of all variants of some products.
pub(crate) async fn list_by_products(
    client: &Client,
    products: &[Uuid],
) -> Result<Vec<StockLevel>, StoreError> {
    Ok(client.query(LIST_BY_PRODUCTS, &[&products]).await?.iter().map(from_row).collect())
}

/// One level.
pub async fn get(client: &Client, id: StockLevelId) -> Result<Option<StockLevel>, StoreError> {
    Ok(client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// One level, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, id: StockLevelId) -> Result<Option<StockLevel>, StoreError> {
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockLevelFilter {
    /// Only of this variant.
    pub variant_id: Option<VariantId>,
    /// Only of the variant with this SKU.
    pub sku: Option<String>,
}

impl StockLevelFilter {
    fn variant(&self) -> Option<Uuid> {
        self.variant_id.map(|id| id.as_uuid())
    }
}

/// Levels behind `after`, by id.
pub async fn list(
    client: &Client,
    filter: &StockLevelFilter,
    after: Option<StockLevelId>,
    limit: i64,
) -> Result<Vec<StockLevel>, StoreError> {
    let after = after.map(|id| id.as_uuid());
    let rows = client.query(LIST, &[&filter.variant(), &filter.sku, &after, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// Levels that a filter lets through.
pub async fn count(client: &Client, filter: &StockLevelFilter) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[&filter.variant(), &filter.sku]).await?.get(0))
}

/// Stores what lies at a level, with its version and time, and why.
pub async fn update(tx: &Tx, level: &StockLevel, cause: &Cause) -> Result<(), StoreError> {
    let Cause { kind, id, note } = cause;
    let params: crate::db::Params<'_> =
        &[&level.id.as_uuid(), &level.on_hand, &level.version, &level.updated_at, kind, id, note];
    tx.execute(UPDATE, params).await.map(drop)
}

/// The location for stock that is given without one; made with the id `new` when the shop has none.
pub async fn default_location(
    tx: &Tx,
    new: StockLocationId,
    now: Timestamp,
) -> Result<StockLocationId, StoreError> {
    tx.execute(ADD_DEFAULT_LOCATION, &[&new.as_uuid(), &now]).await?;
    Ok(StockLocationId::from_uuid(tx.query_one(DEFAULT_LOCATION, &[]).await?.get(0)))
}

/// What is to lie at one location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnHand {
    /// Id of the level, if it has to be made.
    pub id: StockLevelId,
    /// The variant.
    pub variant_id: VariantId,
    /// Units.
    pub on_hand: i64,
}

/// Sets what lies at a location; levels that are not there are made, those that are right stay as they are.
pub async fn set_on_hand(
    tx: &Tx,
    location: StockLocationId,
    levels: &[OnHand],
    (cause, now): (&Cause, Timestamp),
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = levels.iter().map(|level| level.id.as_uuid()).collect();
    let variants: Vec<Uuid> = levels.iter().map(|level| level.variant_id.as_uuid()).collect();
    let on_hand: Vec<i64> = levels.iter().map(|level| level.on_hand).collect();
    let Cause { kind, id, note } = cause;
    let params: crate::db::Params<'_> =
        &[&ids, &variants, &on_hand, &location.as_uuid(), kind, id, note, &now];
    tx.execute(SET_ON_HAND, params).await.map(drop)
}

/// A variant by one of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantRef {
    /// By its id.
    Id(VariantId),
    /// By its SKU.
    Sku(String),
}

/// A level that is meant, whether it is there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Of which variant.
    pub variant: VariantRef,
    /// Where.
    pub location_id: StockLocationId,
}

/// What a target names; absent is what does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The variant.
    pub variant_id: Option<VariantId>,
    /// The location.
    pub location_id: Option<StockLocationId>,
}

/// What targets name, in their order.
pub async fn resolve(client: &Client, targets: &[Target]) -> Result<Vec<Found>, StoreError> {
    let (mut ids, mut skus) = (Vec::with_capacity(targets.len()), Vec::with_capacity(targets.len()));
    for target in targets {
        let (id, sku) = match &target.variant {
            VariantRef::Id(id) => (Some(id.as_uuid()), None),
            VariantRef::Sku(sku) => (None, Some(sku)),
        };
        ids.push(id);
        skus.push(sku);
    }
    let locations: Vec<Uuid> = targets.iter().map(|target| target.location_id.as_uuid()).collect();
    let rows = client.query(RESOLVE, &[&ids, &skus, &locations]).await?;
    let found = |row: &Row| Found {
        variant_id: row.get::<_, Option<Uuid>>(0).map(VariantId::from_uuid),
        location_id: row.get::<_, Option<Uuid>>(1).map(StockLocationId::from_uuid),
    };
    Ok(rows.iter().map(found).collect())
}

/// Levels of variants at locations, as far as they are there, kept from other writers until the transaction ends.
pub async fn lock_at(
    tx: &Tx,
    places: &[(VariantId, StockLocationId)],
) -> Result<Vec<StockLevel>, StoreError> {
    let (variants, locations): (Vec<Uuid>, Vec<Uuid>) =
        places.iter().map(|(variant, location)| (variant.as_uuid(), location.as_uuid())).unzip();
    Ok(tx.query(LOCK_AT, &[&variants, &locations]).await?.iter().map(from_row).collect())
}

/// What is to lie at a level, which is made where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelWrite {
    /// Id of the level, if it has to be made.
    pub id: StockLevelId,
    /// The variant.
    pub variant_id: VariantId,
    /// Where.
    pub location_id: StockLocationId,
    /// Units.
    pub on_hand: i64,
    /// The level's version with this change: 1 for a new one.
    pub version: i64,
    /// Why.
    pub cause: Cause,
}

/// Writes levels; answers how many: those of another version than the one before are left as they are.
pub async fn write(tx: &Tx, levels: &[LevelWrite], now: Timestamp) -> Result<usize, StoreError> {
    fn column<'a, T>(levels: &'a [LevelWrite], of: impl Fn(&'a LevelWrite) -> T) -> Vec<T> {
        levels.iter().map(of).collect()
    }
    if levels.is_empty() {
        return Ok(0);
    }
    let params: crate::db::Params<'_> = &[
        &column(levels, |level| level.id.as_uuid()),
        &column(levels, |level| level.variant_id.as_uuid()),
        &column(levels, |level| level.location_id.as_uuid()),
        &column(levels, |level| level.on_hand),
        &column(levels, |level| level.version),
        &column(levels, |level| level.cause.kind),
        &column(levels, |level| level.cause.id),
        &column(levels, |level| level.cause.note.as_deref()),
        &now,
    ];
    Ok(usize::try_from(tx.execute(WRITE, params).await?).unwrap_or(usize::MAX))
}
