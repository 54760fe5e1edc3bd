//! A shop filled from values: many rows of a table in one statement, for a database that has none of them yet.
//!
//! Every statement takes its rows as one JSON array. That is half as fast as COPY and needs no form of its own for each
//! table; products themselves are copied as an import copies them ([`crate::catalog::staging`]).

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::kernel::ids::{EntityId, StockLocationId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

sql! {
    CATEGORIES = "
        insert into category (id, parent_id, handle, name, position, translations, created_at, updated_at)
        select r.id, r.parent_id, r.handle, r.name, r.position, r.translations, $2, $2
          from jsonb_to_recordset($1)
               as r (id uuid, parent_id uuid, handle text, name text, position int4, translations jsonb)";
    BRANDS = "
        insert into brand (id, handle, name, created_at, updated_at)
        select r.id, r.handle, r.name, $2, $2
          from jsonb_to_recordset($1) as r (id uuid, handle text, name text)";
    PRODUCT_TYPES = "
        insert into product_type (id, handle, name, attributes, created_at, updated_at)
        select r.id, r.handle, r.name, r.attributes, $2, $2
          from jsonb_to_recordset($1) as r (id uuid, handle text, name text, attributes jsonb)";
    COLLECTIONS = "
        insert into collection (id, handle, title, description, kind, rule, created_at, updated_at)
        select r.id, r.handle, r.title, r.description, r.kind, r.rule, $2, $2
          from jsonb_to_recordset($1)
               as r (id uuid, handle text, title text, description text, kind text, rule jsonb)";
    PICTURES = "
        insert into media_asset (blob, content_type, width, height, size_bytes, created_at)
        select r.blob, r.content_type, r.width, r.height, r.size_bytes, $2
          from jsonb_to_recordset($1)
               as r (blob text, content_type text, width int4, height int4, size_bytes int8)
            on conflict (blob) do nothing";
    REVIEWS = "
        insert into review (id, product_id, author, rating, title, body, status, created_at, moderated_at)
        select r.id, r.product_id, r.author, r.rating, r.title, r.body, r.status, r.created_at,
               case when r.status <> 'pending' then r.created_at end
          from jsonb_to_recordset($1)
               as r (id uuid, product_id uuid, author text, rating int2, title text, body text, status text,
                     created_at timestamptz)
         where $2::timestamptz is not null";
    MEMBERS = "
        insert into collection_product (collection_id, product_id, position)
        select r.collection_id, r.product_id, r.position
          from jsonb_to_recordset($1) as r (collection_id uuid, product_id uuid, position int4)
         where $2::timestamptz is not null";
    HANDLES = "
        select 'category', handle, id from category
         union all
        select 'brand', handle, id from brand
         union all
        select 'product_type', handle, id from product_type
         union all
        select 'collection', handle, id from collection";
    DEFAULT_LOCATION = "
        select id from stock_location where is_default";
    COUNT_PRODUCTS = "
        select count(*) from product";
}

/// What was filled is known to the planner by the server's own look only a minute later.
const ANALYZE: Sql = Sql {
    name: "seed::ANALYZE",
    text: "analyze product, product_media, variant, price, stock_level, review, collection_product, product_view",
};

/// A table that is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedTable {
    /// Categories; a parent may come in the same rows.
    Categories,
    /// Brands.
    Brands,
    /// Product types.
    ProductTypes,
    /// Collections.
    Collections,
    /// Stored pictures; those that are there already stay.
    Pictures,
    /// Reviews.
    Reviews,
    /// Products of collections picked by hand.
    Members,
}

impl SeedTable {
    fn sql(self) -> Sql {
        match self {
            Self::Categories => CATEGORIES,
            Self::Brands => BRANDS,
            Self::ProductTypes => PRODUCT_TYPES,
            Self::Collections => COLLECTIONS,
            Self::Pictures => PICTURES,
            Self::Reviews => REVIEWS,
            Self::Members => MEMBERS,
        }
    }
}

/// Writes rows, objects with the names of the columns.
pub async fn insert(tx: &Tx, table: SeedTable, rows: Vec<Value>, now: Timestamp) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(table.sql(), &[&Value::Array(rows), &now]).await.map(drop)
}

/// Ids of categories, brands, product types and collections by the kind's name in snake case and the handle.
pub async fn handles(client: &Client) -> Result<HashMap<(String, String), Uuid>, StoreError> {
    let rows = client.query(HANDLES, &[]).await?;
    Ok(rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect())
}

/// Where stock lies that names no other place.
pub async fn default_location(client: &Client) -> Result<Option<StockLocationId>, StoreError> {
    let row = client.query_opt(DEFAULT_LOCATION, &[]).await?;
    Ok(row.map(|row| StockLocationId::from_uuid(row.get(0))))
}

/// How many products there are.
pub async fn count_products(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT_PRODUCTS, &[]).await?.get(0))
}

/// Has the planner look at the tables that were filled.
pub async fn analyze(client: &Client) -> Result<(), StoreError> {
    client.batch(ANALYZE).await
}
