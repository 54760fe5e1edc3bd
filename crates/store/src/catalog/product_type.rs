//! Product types: the schema that the attributes of their products follow.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, ProductTypeId};

use super::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, handle, name, attributes, version, created_at, updated_at
          from product_type
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from product_type";
    FIND = "
        select id, handle, name, attributes, version, created_at, updated_at
          from product_type
         where id = $1 or handle = $2";
    GET_FOR_UPDATE = "
        select id, handle, name, attributes, version, created_at, updated_at
          from product_type
         where id = $1 or handle = $2
           for update";
    INSERT = "
        insert into product_type (id, handle, name, attributes, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE = "
        update product_type
           set handle = $2, name = $3, attributes = $4, version = $5, updated_at = $6
         where id = $1";
    DELETE = "
        delete from product_type where id = $1";
}

/// A product type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductTypeRow {
    /// Id.
    pub id: ProductTypeId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Its list of attribute definitions.
    pub attributes: Value,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Product types made before `after`, newest first.
pub async fn list(
    client: &Client,
    after: Option<ProductTypeId>,
    limit: i64,
) -> Result<Vec<ProductTypeRow>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// The product type with this id or this handle.
pub async fn find(
    client: &Client,
    id: Option<ProductTypeId>,
    handle: Option<&str>,
) -> Result<Option<ProductTypeRow>, StoreError> {
    let row = client.query_opt(FIND, &[&id.map(|id| id.as_uuid()), &handle]).await?;
    Ok(row.as_ref().map(from_row))
}

/// One product type, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    wanted: &Reference<ProductTypeId>,
) -> Result<Option<ProductTypeRow>, StoreError> {
    let (id, handle) = wanted.parts();
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// Stores a new product type.
pub async fn insert(tx: &Tx, product_type: &ProductTypeRow) -> Result<(), StoreError> {
    let ProductTypeRow { id, handle, name, attributes, version, created_at, updated_at } = product_type;
    tx.execute(INSERT, &[&id.as_uuid(), handle, name, attributes, version, created_at, updated_at])
        .await
        .map(drop)
}

/// Stores a changed product type.
pub async fn update(tx: &Tx, product_type: &ProductTypeRow) -> Result<(), StoreError> {
    let ProductTypeRow { id, handle, name, attributes, version, updated_at, .. } = product_type;
    tx.execute(UPDATE, &[&id.as_uuid(), handle, name, attributes, version, updated_at]).await.map(drop)
}

/// Deletes a product type; the constraint `product_product_type_id_fkey` refuses while a product has it.
pub async fn delete(tx: &Tx, id: ProductTypeId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

fn from_row(row: &Row) -> ProductTypeRow {
    ProductTypeRow {
        id: ProductTypeId::from_uuid(row.get(0)),
        handle: row.get(1),
        name: row.get(2),
        attributes: row.get(3),
        version: row.get(4),
        created_at: row.get(5),
        updated_at: row.get(6),
    }
}
