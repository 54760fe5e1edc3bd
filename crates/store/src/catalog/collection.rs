//! Collections as staff write them, and the products of those that are picked by hand.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{CollectionId, EntityId, ProductId};
use uuid::Uuid;

use super::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, handle, title, description, kind, rule, version, created_at, updated_at
          from collection
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from collection";
    LIST_BY_TITLE = "
        select id, handle, title, description, kind, rule, version, created_at, updated_at
          from collection
         where ($1::text is null or (title, id) > ($1, $2))
         order by title, id
         limit $3";
    FIND = "
        select id, handle, title, description, kind, rule, version, created_at, updated_at
          from collection
         where id = $1 or handle = $2";
    GET_FOR_UPDATE = "
        select id, handle, title, description, kind, rule, version, created_at, updated_at
          from collection
         where id = $1 or handle = $2
           for update";
    INSERT = "
        insert into collection (id, handle, title, description, kind, rule, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "
        update collection
           set handle = $2, title = $3, description = $4, rule = $5, version = $6, updated_at = $7
         where id = $1";
    DELETE = "
        delete from collection where id = $1";
    PRODUCT_IDS = "
        select product_id from collection_product where collection_id = $1 order by position, product_id";
    KNOWN_PRODUCTS = "
        select id from product where id = any ($1)";
    REMOVE_ALL = "
        delete from collection_product where collection_id = $1";
    ADD_ALL = "
        insert into collection_product (collection_id, product_id, position)
        select $1, p.id, p.place::int4
          from unnest($2::uuid[]) with ordinality as p (id, place)";
    /// Answers nothing when there is no such product or the collection has it.
    ADD_LAST = "
        insert into collection_product (collection_id, product_id, position)
        select $1, p.id, 1 + coalesce((select max(position) from collection_product where collection_id = $1), 0)
          from product p
         where p.id = $2
        on conflict (collection_id, product_id) do nothing";
    REMOVE = "
        delete from collection_product
         where collection_id = $1
           and product_id = (select id from product where id = $2 or handle = $3)
        returning product_id";
    LIST_PICKED = "
        select p.id, p.handle, p.title, p.status, cp.position
          from collection_product cp
          join product p on p.id = cp.product_id
         where cp.collection_id = $1
           and ($2::int4 is null or (cp.position, cp.product_id) > ($2, $3))
         order by cp.position, cp.product_id
         limit $4";
    LIST_SHOWN = "
        select p.id, p.handle, p.title, p.status, 0
          from product p
         where p.id in (select product_id from product_view where collection_ids @> array[$1::uuid])
           and ($2::uuid is null or p.id > $2)
         order by p.id
         limit $3";
    COUNT_PRODUCTS = "
        select case when c.kind = 'manual'
                    then (select count(*) from collection_product where collection_id = c.id)
                    else (select count(distinct product_id) from product_view where collection_ids @> array[c.id])
               end
          from collection c
         where c.id = $1";
}

/// A collection.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionRow {
    /// Id.
    pub id: CollectionId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub title: String,
    /// Sanitised HTML.
    pub description: String,
    /// `manual` or `rule`.
    pub kind: String,
    /// The rule of a rule collection.
    pub rule: Option<Value>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A product of a collection, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionProductRow {
    /// Id.
    pub id: ProductId,
    /// Name in URLs.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Where it stands.
    pub status: String,
    /// Place in a collection that is picked by hand; 0 in one by rule.
    pub position: i32,
}

/// Collections made before `after`, newest first.
pub async fn list(
    client: &Client,
    after: Option<CollectionId>,
    limit: i64,
) -> Result<Vec<CollectionRow>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// Collections behind a title and an id, in the order of their titles.
pub async fn list_by_title(
    client: &Client,
    after: Option<(&str, CollectionId)>,
    limit: i64,
) -> Result<Vec<CollectionRow>, StoreError> {
    let (title, id) = after.unzip();
    let rows = client.query(LIST_BY_TITLE, &[&title, &id.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// The collection with this id or this handle.
pub async fn find(
    client: &Client,
    id: Option<CollectionId>,
    handle: Option<&str>,
) -> Result<Option<CollectionRow>, StoreError> {
    let row = client.query_opt(FIND, &[&id.map(|id| id.as_uuid()), &handle]).await?;
    Ok(row.as_ref().map(from_row))
}

/// One collection, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    wanted: &Reference<CollectionId>,
) -> Result<Option<CollectionRow>, StoreError> {
    let (id, handle) = wanted.parts();
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// Stores a new collection.
pub async fn insert(tx: &Tx, collection: &CollectionRow) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &collection.id.as_uuid(),
        &collection.handle,
        &collection.title,
        &collection.description,
        &collection.kind,
        &collection.rule,
        &collection.version,
        &collection.created_at,
        &collection.updated_at,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores a changed collection; its kind stays.
pub async fn update(tx: &Tx, collection: &CollectionRow) -> Result<(), StoreError> {
    let CollectionRow { id, handle, title, description, rule, version, updated_at, .. } = collection;
    let params: crate::db::Params<'_> =
        &[&id.as_uuid(), handle, title, description, rule, version, updated_at];
    tx.execute(UPDATE, params).await.map(drop)
}

/// Deletes a collection and its list of products.
pub async fn delete(tx: &Tx, id: CollectionId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

/// Products that were picked by hand, in order.
pub async fn product_ids(client: &Client, id: CollectionId) -> Result<Vec<ProductId>, StoreError> {
    Ok(ids(&client.query(PRODUCT_IDS, &[&id.as_uuid()]).await?))
}

/// Those of the products that exist.
pub async fn known_products(client: &Client, wanted: &[ProductId]) -> Result<Vec<ProductId>, StoreError> {
    Ok(ids(&client.query(KNOWN_PRODUCTS, &[&uuids(wanted)]).await?))
}

/// Puts these products, in this order, in the place of those that were there.
pub async fn replace_products(tx: &Tx, id: CollectionId, products: &[ProductId]) -> Result<(), StoreError> {
    tx.execute(REMOVE_ALL, &[&id.as_uuid()]).await?;
    tx.execute(ADD_ALL, &[&id.as_uuid(), &uuids(products)]).await.map(drop)
}

/// Adds a product behind the others; `false` when there is no such product or it was there.
pub async fn add_product(tx: &Tx, id: CollectionId, product: ProductId) -> Result<bool, StoreError> {
    Ok(tx.execute(ADD_LAST, &[&id.as_uuid(), &product.as_uuid()]).await? == 1)
}

/// Takes a product out; `false` when it was not there.
pub async fn remove_product(
    tx: &Tx,
    id: CollectionId,
    product: &Reference<ProductId>,
) -> Result<Option<ProductId>, StoreError> {
    let (product_id, handle) = product.parts();
    let row = tx.query_opt(REMOVE, &[&id.as_uuid(), &product_id, &handle]).await?;
    Ok(row.map(|row| ProductId::from_uuid(row.get(0))))
}

/// Products of a collection that is picked by hand, in their order, behind a position and a product.
pub async fn list_picked(
    client: &Client,
    id: CollectionId,
    after: Option<(i32, ProductId)>,
    limit: i64,
) -> Result<Vec<CollectionProductRow>, StoreError> {
    let (position, product) = after.unzip();
    let product = product.map(|product| product.as_uuid());
    let rows = client.query(LIST_PICKED, &[&id.as_uuid(), &position, &product, &limit]).await?;
    Ok(rows.iter().map(product_from_row).collect())
}

/// How many products are in a collection, by hand or by rule.
pub async fn count_products(client: &Client, id: CollectionId) -> Result<i64, StoreError> {
    Ok(client.query_opt(COUNT_PRODUCTS, &[&id.as_uuid()]).await?.map_or(0, |row| row.get(0)))
}

/// Products that shoppers see in a collection in any channel, by id.
pub async fn list_shown(
    client: &Client,
    id: CollectionId,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<CollectionProductRow>, StoreError> {
    let after = after.map(|product| product.as_uuid());
    let rows = client.query(LIST_SHOWN, &[&id.as_uuid(), &after, &limit]).await?;
    Ok(rows.iter().map(product_from_row).collect())
}

fn ids(rows: &[Row]) -> Vec<ProductId> {
    rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect()
}

fn uuids(products: &[ProductId]) -> Vec<Uuid> {
    products.iter().map(EntityId::as_uuid).collect()
}

fn product_from_row(row: &Row) -> CollectionProductRow {
    CollectionProductRow {
        id: ProductId::from_uuid(row.get(0)),
        handle: row.get(1),
        title: row.get(2),
        status: row.get(3),
        position: row.get(4),
    }
}

fn from_row(row: &Row) -> CollectionRow {
    CollectionRow {
        id: CollectionId::from_uuid(row.get(0)),
        handle: row.get(1),
        title: row.get(2),
        description: row.get(3),
        kind: row.get(4),
        rule: row.get(5),
        version: row.get(6),
        created_at: row.get(7),
        updated_at: row.get(8),
    }
}
