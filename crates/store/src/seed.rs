//! A shop filled from values: many rows of a table in one statement, for a database that has none of them yet.
//!
//! Every statement takes its rows as one JSON array. That is half as fast as COPY and needs no form of its own for each
//! table; whoever brings a catalogue from a file imports it ([`crate::catalog`]).

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;
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
    PRODUCTS = "
        insert into product (id, handle, title, description, status, published_at, brand_id, product_type_id,
                             category_id, tags, attributes, options, seo_title, seo_description, popularity,
                             rating_sum, rating_count, translations, created_at, updated_at)
        select r.id, r.handle, r.title, r.description, 'published', r.published_at, r.brand_id, r.product_type_id,
               r.category_id, r.tags, r.attributes, r.options, r.seo_title, r.seo_description, r.popularity,
               r.rating_sum, r.rating_count, r.translations, r.published_at, $2
          from jsonb_to_recordset($1)
               as r (id uuid, handle text, title text, description text, published_at timestamptz, brand_id uuid,
                     product_type_id uuid, category_id uuid, tags text[], attributes jsonb, options jsonb,
                     seo_title text, seo_description text, popularity int8, rating_sum int8, rating_count int8,
                     translations jsonb)";
    PRODUCT_MEDIA = "
        insert into product_media (id, product_id, position, blob, alt, width, height)
        select r.id, r.product_id, r.position, r.blob, r.alt, r.width, r.height
          from jsonb_to_recordset($1)
               as r (id uuid, product_id uuid, position int4, blob text, alt text, width int4, height int4)
         where $2::timestamptz is not null";
    VARIANTS = "
        insert into variant (id, product_id, position, sku, barcode, options, weight_grams, media_id)
        select r.id, r.product_id, r.position, r.sku, r.barcode, r.options, r.weight_grams, r.media_id
          from jsonb_to_recordset($1)
               as r (id uuid, product_id uuid, position int4, sku text, barcode text, options jsonb,
                     weight_grams int4, media_id uuid)
         where $2::timestamptz is not null";
    PRICES = "
        insert into price (variant_id, currency, amount, compare_at_amount)
        select r.variant_id, r.currency, r.amount, r.compare_at_amount
          from jsonb_to_recordset($1)
               as r (variant_id uuid, currency char(3), amount int8, compare_at_amount int8)
         where $2::timestamptz is not null";
    STOCK_LEVELS = "
        insert into stock_level (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by, moved_id,
                                 updated_at)
        select r.id, r.variant_id, l.id, r.on_hand, v.tracked, v.backorder, 'received', 'seed', r.id, $2
          from jsonb_to_recordset($1) as r (id uuid, variant_id uuid, on_hand int8)
          join variant v on v.id = r.variant_id
          join stock_location l on l.is_default";
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
    COUNT_PRODUCTS = "
        select count(*) from product";
}

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
    /// Products, published.
    Products,
    /// Pictures of products.
    ProductMedia,
    /// Variants.
    Variants,
    /// Prices.
    Prices,
    /// Stock at the default location.
    StockLevels,
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
            Self::Products => PRODUCTS,
            Self::ProductMedia => PRODUCT_MEDIA,
            Self::Variants => VARIANTS,
            Self::Prices => PRICES,
            Self::StockLevels => STOCK_LEVELS,
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

/// How many products there are.
pub async fn count_products(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT_PRODUCTS, &[]).await?.get(0))
}
