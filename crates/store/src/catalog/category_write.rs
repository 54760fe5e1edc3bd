//! Categories as staff write them.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use uuid::Uuid;

use super::redirect::Reference;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, parent_id, handle, name, description, position, translations, version, created_at, updated_at
          from category
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from category";
    FIND = "
        select id, parent_id, handle, name, description, position, translations, version, created_at, updated_at
          from category
         where id = $1 or handle = $2";
    GET_FOR_UPDATE = "
        select id, parent_id, handle, name, description, position, translations, version, created_at, updated_at
          from category
         where id = $1 or handle = $2
           for update";
    /// Two moves at once could make a circle that neither sees: one waits for the other.
    LOCK_TREE = "
        select pg_advisory_xact_lock(hashtext('tradepost-category-tree-' || current_schema()))";
    PARENTS = "
        select id, parent_id from category";
    CHILDREN_FOR_UPDATE = "
        select id, parent_id, handle, name, description, position, translations, version, created_at, updated_at
          from category
         where parent_id is not distinct from $1
         order by position, name, id
           for update";
    SET_POSITIONS = "
        update category c
           set position = p.position, version = c.version + 1, updated_at = $3
          from unnest($1::uuid[], $2::int4[]) as p (id, position)
         where c.id = p.id";
    INSERT = "
        insert into category (id, parent_id, handle, name, description, position, translations, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "
        update category
           set parent_id = $2, handle = $3, name = $4, description = $5, position = $6, translations = $7, version = $8,
               updated_at = $9
         where id = $1";
    USES = "
        select exists (select 1 from category where parent_id = $1),
               exists (select 1 from product where category_id = $1)
               or exists (select 1 from product_category where category_id = $1)";
    DELETE = "
        delete from category where id = $1";
}

/// A category with all that staff write of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryRecord {
    /// Id.
    pub id: CategoryId,
    /// The category above it.
    pub parent_id: Option<CategoryId>,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Sanitised HTML.
    pub description: String,
    /// Place among those of the same parent.
    pub position: i32,
    /// By locale: `{"de": {"name": "...", "description": "..."}}`.
    pub translations: Value,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What hangs on a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryUses {
    /// Whether categories lie below it.
    pub children: bool,
    /// Whether products are in it.
    pub products: bool,
}

/// Categories made before `after`, newest first.
pub async fn list(
    client: &Client,
    after: Option<CategoryId>,
    limit: i64,
) -> Result<Vec<CategoryRecord>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// The category with this id or this handle.
pub async fn find(
    client: &Client,
    id: Option<CategoryId>,
    handle: Option<&str>,
) -> Result<Option<CategoryRecord>, StoreError> {
    let row = client.query_opt(FIND, &[&id.map(|id| id.as_uuid()), &handle]).await?;
    Ok(row.as_ref().map(from_row))
}

/// One category, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    wanted: &Reference<CategoryId>,
) -> Result<Option<CategoryRecord>, StoreError> {
    let (id, handle) = wanted.parts();
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id, &handle]).await?.as_ref().map(from_row))
}

/// Each category and its parent, kept from moving until the transaction ends.
pub async fn lock_tree(tx: &Tx) -> Result<Vec<(CategoryId, Option<CategoryId>)>, StoreError> {
    tx.query(LOCK_TREE, &[]).await?;
    let rows = tx.query(PARENTS, &[]).await?;
    let pair = |row: &Row| (CategoryId::from_uuid(row.get(0)), parent(row, 1));
    Ok(rows.iter().map(pair).collect())
}

/// The categories below one, or at the root, in their order; kept from other writers until the transaction ends.
pub async fn children_for_update(
    tx: &Tx,
    parent: Option<CategoryId>,
) -> Result<Vec<CategoryRecord>, StoreError> {
    let rows = tx.query(CHILDREN_FOR_UPDATE, &[&parent.map(|id| id.as_uuid())]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// Gives categories their places, and each a new version.
pub async fn set_positions(tx: &Tx, places: &[(CategoryId, i32)], now: Timestamp) -> Result<(), StoreError> {
    let (ids, positions): (Vec<Uuid>, Vec<i32>) =
        places.iter().map(|(id, place)| (id.as_uuid(), *place)).unzip();
    tx.execute(SET_POSITIONS, &[&ids, &positions, &now]).await.map(drop)
}

/// Stores a new category.
pub async fn insert(tx: &Tx, category: &CategoryRecord) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &category.id.as_uuid(),
        &category.parent_id.map(|id| id.as_uuid()),
        &category.handle,
        &category.name,
        &category.description,
        &category.position,
        &category.translations,
        &category.version,
        &category.created_at,
        &category.updated_at,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores a changed category.
pub async fn update(tx: &Tx, category: &CategoryRecord) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &category.id.as_uuid(),
        &category.parent_id.map(|id| id.as_uuid()),
        &category.handle,
        &category.name,
        &category.description,
        &category.position,
        &category.translations,
        &category.version,
        &category.updated_at,
    ];
    tx.execute(UPDATE, params).await.map(drop)
}

/// What hangs on a category that is locked: nobody can add to it before the transaction ends.
pub async fn uses(tx: &Tx, id: CategoryId) -> Result<CategoryUses, StoreError> {
    let row = tx.query_one(USES, &[&id.as_uuid()]).await?;
    Ok(CategoryUses { children: row.get(0), products: row.get(1) })
}

/// Deletes a category on which nothing hangs.
pub async fn delete(tx: &Tx, id: CategoryId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

fn parent(row: &Row, column: usize) -> Option<CategoryId> {
    row.get::<_, Option<Uuid>>(column).map(CategoryId::from_uuid)
}

fn from_row(row: &Row) -> CategoryRecord {
    CategoryRecord {
        id: CategoryId::from_uuid(row.get(0)),
        parent_id: parent(row, 1),
        handle: row.get(2),
        name: row.get(3),
        description: row.get(4),
        position: row.get(5),
        translations: row.get(6),
        version: row.get(7),
        created_at: row.get(8),
        updated_at: row.get(9),
    }
}
