//! The movements, as they are read.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, StockLevelId, StockLocationId, StockMovementId, VariantId};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select m.id, m.stock_level_id, m.variant_id, v.sku, m.location_id, m.kind, m.cause_kind, m.cause_id, m.note,
               m.d_on_hand, m.d_reserved, m.d_allocated, m.created_at
          from stock_movement m
          left join variant v on v.id = m.variant_id
         where ($1::uuid is null or m.variant_id = $1)
           and ($2::text is null or m.variant_id = (select id from variant where sku = $2))
           and ($3::uuid is null or m.location_id = $3)
           and ($4::uuid is null or m.stock_level_id = $4)
           and ($5::uuid is null or m.cause_id = $5)
           and ($6::int8 is null or m.id < $6)
         order by m.id desc
         limit $7";
}

/// One change of a level's quantities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMovement {
    /// Id; later movements have greater ones.
    pub id: StockMovementId,
    /// The level.
    pub stock_level_id: StockLevelId,
    /// Its variant.
    pub variant_id: VariantId,
    /// The variant's SKU, if it is still there.
    pub sku: Option<String>,
    /// Where it lies.
    pub location_id: StockLocationId,
    /// How it moved.
    pub kind: String,
    /// What kind of thing caused it.
    pub cause_kind: String,
    /// Which.
    pub cause_id: Uuid,
    /// What was said about it.
    pub note: Option<String>,
    /// Units by which what lies there changed.
    pub on_hand: i64,
    /// Units by which what is held for checkouts changed.
    pub reserved: i64,
    /// Units by which what belongs to orders changed.
    pub allocated: i64,
    /// When.
    pub created_at: Timestamp,
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovementFilter {
    /// Only of this variant.
    pub variant_id: Option<VariantId>,
    /// Only of the variant with this SKU.
    pub sku: Option<String>,
    /// Only at this location.
    pub location_id: Option<StockLocationId>,
    /// Only of this level.
    pub stock_level_id: Option<StockLevelId>,
    /// Only what this caused.
    pub cause_id: Option<Uuid>,
}

/// Movements before `before`, newest first.
pub async fn list_movements(
    client: &Client,
    filter: &MovementFilter,
    before: Option<StockMovementId>,
    limit: i64,
) -> Result<Vec<StockMovement>, StoreError> {
    let before = before.map(number);
    let params: crate::db::Params<'_> = &[
        &filter.variant_id.map(|id| id.as_uuid()),
        &filter.sku,
        &filter.location_id.map(|id| id.as_uuid()),
        &filter.stock_level_id.map(|id| id.as_uuid()),
        &filter.cause_id,
        &before,
        &limit,
    ];
    Ok(client.query(LIST, params).await?.iter().map(from_row).collect())
}

/// Movements are numbered as they come; outside their number is written as an id like all others.
fn number(id: StockMovementId) -> i64 {
    i64::try_from(id.as_uuid().as_u128()).unwrap_or(i64::MAX)
}

fn from_row(row: &Row) -> StockMovement {
    let number: i64 = row.get(0);
    StockMovement {
        id: StockMovementId::from_uuid(Uuid::from_u128(u128::try_from(number).unwrap_or_default())),
        stock_level_id: StockLevelId::from_uuid(row.get(1)),
        variant_id: VariantId::from_uuid(row.get(2)),
        sku: row.get(3),
        location_id: StockLocationId::from_uuid(row.get(4)),
        kind: row.get(5),
        cause_kind: row.get(6),
        cause_id: row.get(7),
        note: row.get(8),
        on_hand: row.get(9),
        reserved: row.get(10),
        allocated: row.get(11),
        created_at: row.get(12),
    }
}
