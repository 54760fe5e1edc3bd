//! What products of an import refer to by name: brands, product types, categories and the stock location, found and
//! created for a whole chunk at a time.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::catalog::AttributeSchema;
use tradepost_domain::kernel::ids::{CategoryId, EntityId, StockLocationId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

sql! {
    FIND_BRANDS = "
        select b.handle, b.id, w.name
          from brand b
          left join unnest($2::text[]) as w (name) on lower(w.name) = lower(b.name)
         where b.handle = any ($1) or w.name is not null
         order by b.handle";
    INSERT_BRANDS = "
        insert into brand (id, handle, name, created_at, updated_at)
        select n.id, n.handle, n.name, $4, $4
          from unnest($1::uuid[], $2::text[], $3::text[]) as n (id, handle, name)
            on conflict (handle) do nothing";
    FIND_TYPES = "
        select t.handle, t.id, w.name, t.attributes
          from product_type t
          left join unnest($2::text[]) as w (name) on lower(w.name) = lower(t.name)
         where t.handle = any ($1) or w.name is not null
         order by t.handle";
    INSERT_TYPES = "
        insert into product_type (id, handle, name, created_at, updated_at)
        select n.id, n.handle, n.name, $4, $4
          from unnest($1::uuid[], $2::text[], $3::text[]) as n (id, handle, name)
            on conflict (handle) do nothing";
    LIST_CATEGORIES = "
        select id, parent_id, handle, name from category order by id";
    INSERT_CATEGORIES = "
        insert into category (id, parent_id, handle, name, position, created_at, updated_at)
        select n.id, n.parent_id, n.handle, n.name, n.position, $6, $6
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int4[])
               as n (id, parent_id, handle, name, position)";
    FIND_COLLECTIONS = "
        select c.handle, c.id, w.title, c.kind,
               (select count(*) from collection_product p where p.collection_id = c.id)
          from collection c
          left join unnest($2::text[]) as w (title) on lower(w.title) = lower(c.title)
         where c.handle = any ($1) or w.title is not null
         order by c.handle";
    INSERT_COLLECTIONS = "
        insert into collection (id, handle, title, kind, created_at, updated_at)
        select n.id, n.handle, n.name, 'manual', $4, $4
          from unnest($1::uuid[], $2::text[], $3::text[]) as n (id, handle, name)
            on conflict (handle) do nothing";
    FIND_DEFAULT_LOCATION = "
        select id from stock_location where is_default";
    INSERT_DEFAULT_LOCATION = "
        insert into stock_location (id, handle, name, is_default, created_at, updated_at)
        values ($1, 'default', 'Default', true, $2, $2)";
}

/// Something that is to be there under a handle, and the name it gets when it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRow {
    /// Id it gets.
    pub id: Uuid,
    /// Handle.
    pub handle: String,
    /// Name as shown.
    pub name: String,
}

/// A category as the import needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryRow {
    /// Id.
    pub id: CategoryId,
    /// The category it hangs below.
    pub parent_id: Option<CategoryId>,
    /// Handle, unique in the shop.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Place among its siblings, for new ones.
    pub position: i32,
}

/// Something that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRow<T> {
    /// Handle.
    pub handle: String,
    /// The name by which it was asked for, if it has that name in any case.
    pub name: Option<String>,
    /// Id.
    pub id: Uuid,
    /// What else is to be known of it.
    pub about: T,
}

impl<T> FoundRow<T> {
    fn read(row: &Row, about: T) -> Self {
        Self { handle: row.get(0), id: row.get(1), name: row.get(2), about }
    }
}

/// Brands with these handles or names (in any case), by handle.
pub async fn find_brands(
    client: &Client,
    handles: &[&str],
    names: &[&str],
) -> Result<Vec<FoundRow<()>>, StoreError> {
    let rows = client.query(FIND_BRANDS, &[&handles, &names]).await?;
    Ok(rows.iter().map(|row| FoundRow::read(row, ())).collect())
}

/// Creates brands; one that somebody else has created meanwhile stays as it is.
pub async fn insert_brands(tx: &Tx, brands: &[NamedRow], now: Timestamp) -> Result<(), StoreError> {
    insert_named(tx, INSERT_BRANDS, brands, now).await
}

/// Product types with these handles or names (in any case), by handle, each with its schema.
pub async fn find_types(
    client: &Client,
    handles: &[&str],
    names: &[&str],
) -> Result<Vec<FoundRow<AttributeSchema>>, StoreError> {
    let rows = client.query(FIND_TYPES, &[&handles, &names]).await?;
    let types = rows.iter().map(|row| {
        let schema = serde_json::from_value(row.get::<_, Value>(3))
            .map_err(|error| StoreError::inconsistent("product_type", error))?;
        Ok(FoundRow::read(row, schema))
    });
    types.collect()
}

/// What an import needs to know of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundCollection {
    /// Whether its products are picked by hand.
    pub is_manual: bool,
    /// Products that were picked for it.
    pub picked: i64,
}

/// Collections with these handles or titles (in any case), by handle.
pub async fn find_collections(
    client: &Client,
    handles: &[&str],
    titles: &[&str],
) -> Result<Vec<FoundRow<FoundCollection>>, StoreError> {
    let rows = client.query(FIND_COLLECTIONS, &[&handles, &titles]).await?;
    let collections = rows.iter().map(|row| {
        let is_manual = row.get::<_, &str>(3) == "manual";
        FoundRow::read(row, FoundCollection { is_manual, picked: row.get(4) })
    });
    Ok(collections.collect())
}

/// Creates collections that are picked by hand; one that somebody else has created meanwhile stays as it is.
pub async fn insert_collections(tx: &Tx, rows: &[NamedRow], now: Timestamp) -> Result<(), StoreError> {
    insert_named(tx, INSERT_COLLECTIONS, rows, now).await
}

/// Creates product types without a schema; one that somebody else has created meanwhile stays as it is.
pub async fn insert_types(tx: &Tx, types: &[NamedRow], now: Timestamp) -> Result<(), StoreError> {
    insert_named(tx, INSERT_TYPES, types, now).await
}

async fn insert_named(tx: &Tx, sql: Sql, rows: &[NamedRow], now: Timestamp) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let handles: Vec<&str> = rows.iter().map(|row| row.handle.as_str()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    tx.execute(sql, &[&ids, &handles, &names, &now]).await.map(drop)
}

/// The whole category tree.
pub async fn list_categories(client: &Client) -> Result<Vec<CategoryRow>, StoreError> {
    let rows = client.query(LIST_CATEGORIES, &[]).await?;
    let categories = rows.iter().map(|row| CategoryRow {
        id: CategoryId::from_uuid(row.get(0)),
        parent_id: row.get::<_, Option<Uuid>>(1).map(CategoryId::from_uuid),
        handle: row.get(2),
        name: row.get(3),
        position: 0,
    });
    Ok(categories.collect())
}

/// Creates categories, parents among them or there already.
pub async fn insert_categories(
    tx: &Tx,
    categories: &[CategoryRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    if categories.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = categories.iter().map(|row| row.id.as_uuid()).collect();
    let parents: Vec<Option<Uuid>> =
        categories.iter().map(|row| row.parent_id.map(|id| id.as_uuid())).collect();
    let handles: Vec<&str> = categories.iter().map(|row| row.handle.as_str()).collect();
    let names: Vec<&str> = categories.iter().map(|row| row.name.as_str()).collect();
    let positions: Vec<i32> = categories.iter().map(|row| row.position).collect();
    let params: crate::db::Params<'_> = &[&ids, &parents, &handles, &names, &positions, &now];
    tx.execute(INSERT_CATEGORIES, params).await.map(drop)
}

/// The location that stock goes to when nothing else is said.
pub async fn find_default_location(client: &Client) -> Result<Option<StockLocationId>, StoreError> {
    let row = client.query_opt(FIND_DEFAULT_LOCATION, &[]).await?;
    Ok(row.map(|row| StockLocationId::from_uuid(row.get(0))))
}

/// Creates it, for a shop that has none yet.
pub async fn insert_default_location(tx: &Tx, id: StockLocationId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(INSERT_DEFAULT_LOCATION, &[&id.as_uuid(), &now]).await.map(drop)
}
