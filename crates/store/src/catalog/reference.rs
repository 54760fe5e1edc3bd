//! What a product refers to by name: brands, types and categories, found by id, handle or name.

use jiff::Timestamp;
use tokio_postgres::types::Json;
use tradepost_domain::catalog::AttributeSchema;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{BrandId, CategoryId, EntityId, ProductTypeId};
use uuid::Uuid;

use super::product::NamedCategory;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    FIND_BRAND = "
        select id
          from brand
         where id = $1 or handle = $2 or lower(name) = lower($3)
         order by (handle = $2) is true desc, handle
         limit 1";
    ADD_BRAND = "
        insert into brand (id, handle, name, created_at, updated_at)
        values ($1, $2, $3, $4, $4)
        on conflict (handle) do nothing";
    FIND_TYPE = "
        select id, attributes
          from product_type
         where id = $1 or handle = $2 or lower(name) = lower($3)
         order by (handle = $2) is true desc, handle
         limit 1";
    ADD_TYPE = "
        insert into product_type (id, handle, name, created_at, updated_at)
        values ($1, $2, $3, $4, $4)
        on conflict (handle) do nothing";
    FIND_CATEGORIES = "
        select id, handle, name from category where id = any ($1) or handle = any ($2)";
}

/// How a brand or type is named: an id, or a text that is its handle or its name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference<'a> {
    /// Id.
    pub id: Option<Uuid>,
    /// The handle, or the handle that the name would have.
    pub handle: Option<&'a Handle>,
    /// The text as given.
    pub name: Option<&'a str>,
}

/// The brand that is meant, the handle before the name.
pub async fn find_brand(client: &Client, wanted: Reference<'_>) -> Result<Option<BrandId>, StoreError> {
    let Reference { id, handle, name } = wanted;
    let row = client.query_opt(FIND_BRAND, &[&id, &handle.map(Handle::as_str), &name]).await?;
    Ok(row.map(|row| BrandId::from_uuid(row.get(0))))
}

/// Stores a new brand, unless its handle is there.
pub async fn add_brand(
    tx: &Tx,
    id: BrandId,
    handle: &Handle,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(ADD_BRAND, &[&id.as_uuid(), &handle.as_str(), &name, &now]).await.map(drop)
}

/// The type that is meant with its schema, the handle before the name.
pub async fn find_type(
    client: &Client,
    wanted: Reference<'_>,
) -> Result<Option<(ProductTypeId, AttributeSchema)>, StoreError> {
    let Reference { id, handle, name } = wanted;
    let row = client.query_opt(FIND_TYPE, &[&id, &handle.map(Handle::as_str), &name]).await?;
    Ok(row.map(|row| (ProductTypeId::from_uuid(row.get(0)), row.get::<_, Json<AttributeSchema>>(1).0)))
}

/// Stores a new type without a schema, unless its handle is there.
pub async fn add_type(
    tx: &Tx,
    id: ProductTypeId,
    handle: &Handle,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(ADD_TYPE, &[&id.as_uuid(), &handle.as_str(), &name, &now]).await.map(drop)
}

/// The categories with these ids or handles.
pub async fn find_categories(
    client: &Client,
    ids: &[CategoryId],
    handles: &[&str],
) -> Result<Vec<NamedCategory>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let rows = client.query(FIND_CATEGORIES, &[&ids, &handles]).await?;
    let category = |row: &tokio_postgres::Row| NamedCategory {
        id: CategoryId::from_uuid(row.get(0)),
        handle: row.get(1),
        name: row.get(2),
    };
    Ok(rows.iter().map(category).collect())
}
