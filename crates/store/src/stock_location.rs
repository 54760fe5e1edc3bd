//! Stock locations: where stock lies.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, StockLocationId};

use crate::catalog::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, handle, name, is_default, version, created_at, updated_at
          from stock_location
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from stock_location";
    FIND = "
        select id, handle, name, is_default, version, created_at, updated_at
          from stock_location
         where id = $1 or handle = $2";
    GET_FOR_UPDATE = "
        select id, handle, name, is_default, version, created_at, updated_at
          from stock_location
         where id = $1 or handle = $2
           for update";
    /// Whoever gives the default to another waits here for whoever does so now.
    LOCK_ALL = "
        select id, handle, name, is_default, version, created_at, updated_at
          from stock_location
         order by id
           for update";
    CLEAR_DEFAULT = "
        update stock_location
           set is_default = false, version = version + 1, updated_at = $2
         where is_default and id <> $1";
    INSERT = "
        insert into stock_location (id, handle, name, is_default, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE = "
        update stock_location
           set handle = $2, name = $3, is_default = $4, version = $5, updated_at = $6
         where id = $1";
    DELETE = "
        delete from stock_location where id = $1";
}

/// A stock location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLocationRow {
    /// Id.
    pub id: StockLocationId,
    /// Name in imports.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Whether stock lies here when nobody says where.
    pub is_default: bool,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Locations made before `after`, newest first.
pub async fn list(
    client: &Client,
    after: Option<StockLocationId>,
    limit: i64,
) -> Result<Vec<StockLocationRow>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// The location with this id or this handle.
pub async fn find(
    client: &Client,
    id: Option<StockLocationId>,
    handle: Option<&str>,
) -> Result<Option<StockLocationRow>, StoreError> {
    let row = client.query_opt(FIND, &[&id.map(|id| id.as_uuid()), &handle]).await?;
    Ok(row.as_ref().map(from_row))
}

/// One location, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    wanted: &Reference<StockLocationId>,
) -> Result<Option<StockLocationRow>, StoreError> {
    let (id, handle) = wanted.parts();
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// All locations, kept from other writers until the transaction ends.
pub async fn lock_all(tx: &Tx) -> Result<Vec<StockLocationRow>, StoreError> {
    Ok(tx.query(LOCK_ALL, &[]).await?.iter().map(from_row).collect())
}

/// Takes the default from every other location, before `id` becomes it.
pub async fn clear_default(tx: &Tx, id: StockLocationId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(CLEAR_DEFAULT, &[&id.as_uuid(), &now]).await.map(drop)
}

/// Stores a new location.
pub async fn insert(tx: &Tx, location: &StockLocationRow) -> Result<(), StoreError> {
    let StockLocationRow { id, handle, name, is_default, version, created_at, updated_at } = location;
    tx.execute(INSERT, &[&id.as_uuid(), handle, name, is_default, version, created_at, updated_at])
        .await
        .map(drop)
}

/// Stores a changed location.
pub async fn update(tx: &Tx, location: &StockLocationRow) -> Result<(), StoreError> {
    let StockLocationRow { id, handle, name, is_default, version, updated_at, .. } = location;
    tx.execute(UPDATE, &[&id.as_uuid(), handle, name, is_default, version, updated_at]).await.map(drop)
}

/// Deletes a location; the constraint `stock_level_location_id_fkey` refuses while stock is counted there.
pub async fn delete(tx: &Tx, id: StockLocationId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

fn from_row(row: &Row) -> StockLocationRow {
    StockLocationRow {
        id: StockLocationId::from_uuid(row.get(0)),
        handle: row.get(1),
        name: row.get(2),
        is_default: row.get(3),
        version: row.get(4),
        created_at: row.get(5),
        updated_at: row.get(6),
    }
}
