//! Brands as staff write them.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{BrandId, EntityId};

use super::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, handle, name, version, created_at, updated_at
          from brand
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from brand";
    FIND = "
        select id, handle, name, version, created_at, updated_at
          from brand
         where id = $1 or handle = $2";
    GET_FOR_UPDATE = "
        select id, handle, name, version, created_at, updated_at
          from brand
         where id = $1 or handle = $2
           for update";
    INSERT = "
        insert into brand (id, handle, name, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6)";
    UPDATE = "
        update brand
           set handle = $2, name = $3, version = $4, updated_at = $5
         where id = $1";
    DELETE = "
        delete from brand where id = $1";
}

/// A brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandRow {
    /// Id.
    pub id: BrandId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Brands made before `after`, newest first.
pub async fn list(client: &Client, after: Option<BrandId>, limit: i64) -> Result<Vec<BrandRow>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// The brand with this id or this handle.
pub async fn find(
    client: &Client,
    id: Option<BrandId>,
    handle: Option<&str>,
) -> Result<Option<BrandRow>, StoreError> {
    let row = client.query_opt(FIND, &[&id.map(|id| id.as_uuid()), &handle]).await?;
    Ok(row.as_ref().map(from_row))
}

/// One brand, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, wanted: &Reference<BrandId>) -> Result<Option<BrandRow>, StoreError> {
    let (id, handle) = wanted.parts();
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// Stores a new brand.
pub async fn insert(tx: &Tx, brand: &BrandRow) -> Result<(), StoreError> {
    let BrandRow { id, handle, name, version, created_at, updated_at } = brand;
    tx.execute(INSERT, &[&id.as_uuid(), handle, name, version, created_at, updated_at]).await.map(drop)
}

/// Stores a changed brand.
pub async fn update(tx: &Tx, brand: &BrandRow) -> Result<(), StoreError> {
    let BrandRow { id, handle, name, version, updated_at, .. } = brand;
    tx.execute(UPDATE, &[&id.as_uuid(), handle, name, version, updated_at]).await.map(drop)
}

/// Deletes a brand; the constraint `product_brand_id_fkey` refuses while a product has it.
pub async fn delete(tx: &Tx, id: BrandId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

fn from_row(row: &Row) -> BrandRow {
    BrandRow {
        id: BrandId::from_uuid(row.get(0)),
        handle: row.get(1),
        name: row.get(2),
        version: row.get(3),
        created_at: row.get(4),
        updated_at: row.get(5),
    }
}
