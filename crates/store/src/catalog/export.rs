//! Whole products in batches: for exports, and for imports that compare what is there with what a file says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::catalog::{JsonMap, Media, Price, Product, ProductOption, ProductStatus, Seo, Variant};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{
    BrandId, CategoryId, ChannelId, CollectionId, EntityId, MediaId, ProductId, ProductTypeId,
    StockLocationId, VariantId,
};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    GET_PRODUCTS = "
        select p.id, p.handle, p.title, p.description, p.status, p.publish_at, p.published_at, p.brand_id,
               p.product_type_id, p.category_id, p.tags, p.attributes, p.metadata, p.options, p.seo_title,
               p.seo_description, p.channel_ids, p.popularity, p.version, p.created_at, p.updated_at,
               b.name, t.name, p.translations, b.handle, t.handle
          from product p
          left join brand b on b.id = p.brand_id
          left join product_type t on t.id = p.product_type_id
         where p.id = any ($1)";
    LIST_IDS = "
        select p.id, p.handle
          from product p
         where ($1::text is null or p.handle > $1)
           and ($3::text is null or p.status = $3)
           and ($4::text is null or p.brand_id = (select id from brand where handle = $4))
           and ($5::text is null or p.product_type_id = (select id from product_type where handle = $5))
           and ($6::timestamptz is null or p.updated_at >= $6)
         order by p.handle
         limit $2";
    GET_VARIANTS = "
        select v.product_id, v.id, v.sku, v.barcode, v.options, v.weight_grams, v.media_id, v.tracked, v.backorder,
               v.metadata, r.currencies, r.amounts, r.compare_at_amounts, s.on_hand, s.held, s.least, v.requires_shipping
          from variant v
         cross join lateral (
               select array_agg(r.currency::text order by r.currency) as currencies,
                      array_agg(r.amount order by r.currency) as amounts,
                      array_agg(r.compare_at_amount order by r.currency) as compare_at_amounts
                 from price r
                where r.variant_id = v.id) r
         cross join lateral (
               select max(s.on_hand) filter (where s.location_id = $2) as on_hand,
                      coalesce(sum(s.allocated + s.reserved), 0)::int8 as held,
                      -- more than can be counted where another location is short already
                      coalesce(max(case when s.location_id = $2 then s.allocated + s.reserved
                                        when s.allocated + s.reserved > s.on_hand then 9223372036854775807 end), 0) as least
                 from stock_level s
                where s.variant_id = v.id) s
         where v.product_id = any ($1)
         order by v.product_id, v.position, v.id";
    GET_MEDIA = "
        select product_id, id, blob, source_url, alt, width, height
          from product_media
         where product_id = any ($1)
         order by product_id, position, id";
    GET_CATEGORIES = "
        select product_id, category_id
          from product_category
         where product_id = any ($1)
         order by product_id, position, category_id";
    GET_COLLECTIONS = "
        select p.product_id, c.id, c.handle, c.title, p.position
          from collection_product p
          join collection c on c.id = p.collection_id
         where p.product_id = any ($1) and c.kind = 'manual'
         order by p.product_id, c.handle";
    METADATA_COLUMNS = "
        select distinct k.key
          from (select p.metadata -> $1::text as columns from product p
                 union all
                select v.metadata -> $1::text from variant v) m
         cross join lateral jsonb_object_keys(m.columns) as k (key)
         where jsonb_typeof(m.columns) = 'object'
         order by k.key";
    ATTRIBUTE_KEYS = "
        select distinct k.key
          from product p
         cross join lateral jsonb_object_keys(p.attributes) as k (key)
         order by k.key";
    COUNT_PRODUCTS = "
        select count(*) from product";
}

/// What a product refers to, as people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredName {
    /// Handle, unique in the shop.
    pub handle: String,
    /// Name as shown.
    pub name: String,
}

/// A collection that a product was picked for by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPick {
    /// The collection.
    pub collection_id: CollectionId,
    /// Its handle and title.
    pub collection: StoredName,
    /// The product's place in it.
    pub position: i32,
}

/// A product with the names it refers to and the stock of its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredProduct {
    /// The product.
    pub product: Product,
    /// Its brand.
    pub brand: Option<StoredName>,
    /// Its product type.
    pub product_type: Option<StoredName>,
    /// The collections that it was picked for, by handle.
    pub picks: Vec<StoredPick>,
    /// Texts by locale.
    pub translations: JsonMap,
    /// Units on hand of each variant at the location asked for; `None` where nothing was ever counted.
    pub on_hand: Vec<Option<i64>>,
    /// Units of each variant that carts and orders hold, anywhere.
    pub held: Vec<i64>,
    /// Units of each variant that have to lie at the location asked for, unless orders may wait for more.
    pub least: Vec<i64>,
}

/// Products with these ids, in no order.
pub async fn get_products(
    client: &Client,
    ids: &[ProductId],
    location: Option<StockLocationId>,
) -> Result<Vec<StoredProduct>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let location = location.map(|id| id.as_uuid());
    let only_ids: crate::db::Params<'_> = &[&ids];
    let ids_and_location: crate::db::Params<'_> = &[&ids, &location];
    let (products, variants, media, categories, picks) = tokio::try_join!(
        client.query(GET_PRODUCTS, only_ids),
        client.query(GET_VARIANTS, ids_and_location),
        client.query(GET_MEDIA, only_ids),
        client.query(GET_CATEGORIES, only_ids),
        client.query(GET_COLLECTIONS, only_ids),
    )?;
    let mut by_id = BTreeMap::new();
    for row in &products {
        let stored = product_from_row(row)?;
        by_id.insert(stored.product.id, stored);
    }
    for row in &media {
        if let Some(stored) = by_id.get_mut(&ProductId::from_uuid(row.get(0))) {
            stored.product.media.push(media_from_row(row));
        }
    }
    for row in &categories {
        if let Some(stored) = by_id.get_mut(&ProductId::from_uuid(row.get(0))) {
            stored.product.category_ids.push(CategoryId::from_uuid(row.get(1)));
        }
    }
    for row in &picks {
        if let Some(stored) = by_id.get_mut(&ProductId::from_uuid(row.get(0))) {
            stored.picks.push(StoredPick {
                collection_id: CollectionId::from_uuid(row.get(1)),
                collection: StoredName { handle: row.get(2), name: row.get(3) },
                position: row.get(4),
            });
        }
    }
    for row in &variants {
        if let Some(stored) = by_id.get_mut(&ProductId::from_uuid(row.get(0))) {
            stored.product.variants.push(variant_from_row(row)?);
            stored.on_hand.push(row.get(13));
            stored.held.push(row.get(14));
            stored.least.push(row.get(15));
        }
    }
    Ok(by_id.into_values().collect())
}

/// Which products to export; nothing means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Only those that stand there.
    pub status: Option<ProductStatus>,
    /// Only those of the brand with this handle.
    pub brand: Option<String>,
    /// Only those of the type with this handle.
    pub product_type: Option<String>,
    /// Only those changed at this time or later.
    pub updated_from: Option<Timestamp>,
}

/// Ids and handles of the next products by handle.
pub async fn list_ids(
    client: &Client,
    filter: &ExportFilter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(ProductId, String)>, StoreError> {
    let ExportFilter { status, brand, product_type, updated_from } = filter;
    let status = status.map(ProductStatus::as_str);
    let params: crate::db::Params<'_> = &[&after, &limit, &status, brand, product_type, updated_from];
    let rows = client.query(LIST_IDS, params).await?;
    Ok(rows.iter().map(|row| (ProductId::from_uuid(row.get(0)), row.get(1))).collect())
}

/// Keys that the object under `key` of any product's or variant's metadata has.
pub async fn list_metadata_columns(client: &Client, key: &str) -> Result<Vec<String>, StoreError> {
    Ok(client.query(METADATA_COLUMNS, &[&key]).await?.iter().map(|row| row.get(0)).collect())
}

/// Keys of all products' attributes.
pub async fn list_attribute_keys(client: &Client) -> Result<Vec<String>, StoreError> {
    Ok(client.query(ATTRIBUTE_KEYS, &[]).await?.iter().map(|row| row.get(0)).collect())
}

/// All products of the shop.
pub async fn count_products(client: &Client) -> Result<u64, StoreError> {
    let count: i64 = client.query_one(COUNT_PRODUCTS, &[]).await?.get(0);
    Ok(u64::try_from(count).unwrap_or_default())
}

fn object(table: &'static str, value: Value) -> Result<JsonMap, StoreError> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(StoreError::inconsistent(table, format!("not an object: {other}"))),
    }
}

fn product_from_row(row: &Row) -> Result<StoredProduct, StoreError> {
    let bad = |what: &dyn std::fmt::Display| StoreError::inconsistent("product", what);
    let options: Vec<ProductOption> =
        serde_json::from_value(row.get::<_, Value>(13)).map_err(|error| bad(&error))?;
    let channels: Option<Vec<Uuid>> = row.get(16);
    let product = Product {
        id: ProductId::from_uuid(row.get(0)),
        handle: row.get::<_, &str>(1).parse().map_err(|error| bad(&error))?,
        title: row.get(2),
        description: row.get(3),
        status: ProductStatus::parse(row.get(4)).ok_or_else(|| bad(&"status"))?,
        publish_at: row.get(5),
        published_at: row.get(6),
        brand_id: row.get::<_, Option<Uuid>>(7).map(BrandId::from_uuid),
        product_type_id: row.get::<_, Option<Uuid>>(8).map(ProductTypeId::from_uuid),
        category_id: row.get::<_, Option<Uuid>>(9).map(CategoryId::from_uuid),
        category_ids: Vec::new(),
        tags: row.get(10),
        attributes: object("product", row.get(11))?,
        metadata: object("product", row.get(12))?,
        options,
        seo: Seo { title: row.get(14), description: row.get(15) },
        channel_ids: channels.map(|ids| ids.into_iter().map(ChannelId::from_uuid).collect()),
        popularity: row.get(17),
        version: row.get(18),
        created_at: row.get(19),
        updated_at: row.get(20),
        variants: Vec::new(),
        media: Vec::new(),
    };
    let named = |name: usize, handle: usize| {
        let name: Option<String> = row.get(name);
        name.zip(row.get(handle)).map(|(name, handle)| StoredName { handle, name })
    };
    Ok(StoredProduct {
        product,
        brand: named(21, 24),
        product_type: named(22, 25),
        picks: Vec::new(),
        translations: object("product", row.get(23))?,
        on_hand: Vec::new(),
        held: Vec::new(),
        least: Vec::new(),
    })
}

fn media_from_row(row: &Row) -> Media {
    Media {
        id: MediaId::from_uuid(row.get(1)),
        blob: row.get(2),
        source_url: row.get(3),
        alt: row.get(4),
        width: row.get(5),
        height: row.get(6),
    }
}

fn variant_from_row(row: &Row) -> Result<Variant, StoreError> {
    let bad = |what: &dyn std::fmt::Display| StoreError::inconsistent("variant", what);
    let options: BTreeMap<String, String> =
        serde_json::from_value(row.get::<_, Value>(4)).map_err(|error| bad(&error))?;
    let currencies: Vec<&str> = row.get::<_, Option<_>>(10).unwrap_or_default();
    let amounts: Vec<i64> = row.get::<_, Option<_>>(11).unwrap_or_default();
    let compare_at: Vec<Option<i64>> = row.get::<_, Option<_>>(12).unwrap_or_default();
    let prices = currencies.iter().zip(amounts).zip(compare_at).map(|((code, amount), compare_at)| {
        let currency = code.parse().map_err(|error| bad(&error))?;
        let money = |amount| Money::new(amount, currency).map_err(|error| bad(&error));
        Ok(Price { price: money(amount)?, compare_at: compare_at.map(money).transpose()? })
    });
    Ok(Variant {
        id: VariantId::from_uuid(row.get(1)),
        sku: row.get(2),
        barcode: row.get(3),
        options,
        prices: prices.collect::<Result<_, StoreError>>()?,
        weight_grams: row.get::<_, Option<i32>>(5).and_then(|grams| u32::try_from(grams).ok()),
        media_id: row.get::<_, Option<Uuid>>(6).map(MediaId::from_uuid),
        tracked: row.get(7),
        backorder: row.get(8),
        requires_shipping: row.get(16),
        metadata: object("variant", row.get(9))?,
    })
}
