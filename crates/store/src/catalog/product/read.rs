//! Loads products: five statements, however many products and variants there are.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tokio_postgres::types::Json;
use tradepost_domain::catalog::{JsonMap, Media, Price, Product, ProductOption, ProductStatus, Seo, Variant};
use tradepost_domain::kernel::ids::{
    BrandId, CategoryId, ChannelId, EntityId, MediaId, ProductId, ProductTypeId, VariantId,
};
use tradepost_domain::kernel::{Currency, Money};
use uuid::Uuid;

use super::super::stock_level;
use super::{NamedCategory, ProductRecord};
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    PRODUCTS = "
        select p.id, p.version, p.handle, p.title, p.description, p.status, p.publish_at, p.published_at,
               p.brand_id, p.product_type_id, p.category_id, p.tags, p.attributes, p.metadata, p.options,
               p.seo_title, p.seo_description, p.channel_ids, p.popularity, p.rating_sum, p.rating_count,
               p.translations, p.created_at, p.updated_at,
               b.name as brand_name, t.name as type_name, c.handle as category_handle, c.name as category_name
          from product p
          left join brand b on b.id = p.brand_id
          left join product_type t on t.id = p.product_type_id
          left join category c on c.id = p.category_id
         where p.id = any ($1)";
    CATEGORIES = "
        select pc.product_id, c.id, c.handle, c.name
          from product_category pc
          join category c on c.id = pc.category_id
         where pc.product_id = any ($1)
         order by pc.product_id, pc.position, c.id";
    VARIANTS = "
        select v.product_id, v.id, v.sku, v.barcode, v.options, v.weight_grams, v.media_id, v.tracked, v.backorder,
               v.requires_shipping, v.metadata,
               array(select r.currency::text from price r where r.variant_id = v.id order by r.currency) as currencies,
               array(select r.amount from price r where r.variant_id = v.id order by r.currency) as amounts,
               array(select r.compare_at_amount from price r where r.variant_id = v.id order by r.currency) as compare_at_amounts
          from variant v
         where v.product_id = any ($1)
         order by v.product_id, v.position, v.id";
    MEDIA = "
        select m.product_id, m.id, m.blob, m.source_url, m.alt, m.width, m.height, a.renditions
          from product_media m
          left join media_asset a on a.blob = m.blob
         where m.product_id = any ($1)
         order by m.product_id, m.position, m.id";
}

/// One product.
pub async fn get(client: &Client, id: ProductId) -> Result<Option<ProductRecord>, StoreError> {
    Ok(list(client, &[id]).await?.pop())
}

/// Products in the order of their ids as given; those that do not exist are left out.
pub async fn list(client: &Client, ids: &[ProductId]) -> Result<Vec<ProductRecord>, StoreError> {
    let wanted: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let mut found: BTreeMap<Uuid, ProductRecord> = BTreeMap::new();
    for row in client.query(PRODUCTS, &[&wanted]).await? {
        found.insert(row.get("id"), product(&row)?);
    }
    for row in client.query(CATEGORIES, &[&wanted]).await? {
        let Some(record) = found.get_mut(&row.get("product_id")) else { continue };
        let category = NamedCategory {
            id: CategoryId::from_uuid(row.get("id")),
            handle: row.get("handle"),
            name: row.get("name"),
        };
        record.product.category_ids.push(category.id);
        record.categories.push(category);
    }
    for row in client.query(VARIANTS, &[&wanted]).await? {
        let Some(record) = found.get_mut(&row.get("product_id")) else { continue };
        record.product.variants.push(variant(&row)?);
    }
    for row in client.query(MEDIA, &[&wanted]).await? {
        let Some(record) = found.get_mut(&row.get("product_id")) else { continue };
        add_media(record, &row);
    }
    for level in stock_level::list_by_products(client, &wanted).await? {
        let Some(record) = found.get_mut(&level.product_id.as_uuid()) else { continue };
        record.stock.push(level);
    }
    Ok(wanted.iter().filter_map(|id| found.remove(id)).collect())
}

fn product(row: &Row) -> Result<ProductRecord, StoreError> {
    let category_id = row.get::<_, Option<Uuid>>("category_id").map(CategoryId::from_uuid);
    let category = category_id.map(|id| NamedCategory {
        id,
        handle: row.get("category_handle"),
        name: row.get("category_name"),
    });
    Ok(ProductRecord {
        translations: row.get::<_, Json<JsonMap>>("translations").0,
        rating_sum: row.get("rating_sum"),
        rating_count: row.get("rating_count"),
        brand: row.get("brand_name"),
        product_type: row.get("type_name"),
        category,
        categories: Vec::new(),
        renditions: BTreeMap::new(),
        stock: Vec::new(),
        product: aggregate(row, category_id)?,
    })
}

fn aggregate(row: &Row, category_id: Option<CategoryId>) -> Result<Product, StoreError> {
    let bad = |what: &dyn std::fmt::Display| StoreError::inconsistent("product", what);
    let status: &str = row.get("status");
    let channels: Option<Vec<Uuid>> = row.get("channel_ids");
    Ok(Product {
        id: ProductId::from_uuid(row.get("id")),
        version: row.get("version"),
        handle: row.get::<_, &str>("handle").parse().map_err(|error| bad(&error))?,
        title: row.get("title"),
        description: row.get("description"),
        status: ProductStatus::parse(status).ok_or_else(|| bad(&format!("status {status}")))?,
        publish_at: row.get("publish_at"),
        published_at: row.get("published_at"),
        brand_id: row.get::<_, Option<Uuid>>("brand_id").map(BrandId::from_uuid),
        product_type_id: row.get::<_, Option<Uuid>>("product_type_id").map(ProductTypeId::from_uuid),
        category_id,
        category_ids: Vec::new(),
        tags: row.get("tags"),
        attributes: row.get::<_, Json<JsonMap>>("attributes").0,
        metadata: row.get::<_, Json<JsonMap>>("metadata").0,
        seo: Seo { title: row.get("seo_title"), description: row.get("seo_description") },
        options: row.get::<_, Json<Vec<ProductOption>>>("options").0,
        variants: Vec::new(),
        media: Vec::new(),
        channel_ids: channels.map(|ids| ids.into_iter().map(ChannelId::from_uuid).collect()),
        popularity: row.get("popularity"),
        created_at: row.get("created_at"),
        updated_at: row.get("updated_at"),
    })
}

fn variant(row: &Row) -> Result<Variant, StoreError> {
    let currencies: Vec<&str> = row.get("currencies");
    let amounts: Vec<i64> = row.get("amounts");
    let compare_at: Vec<Option<i64>> = row.get("compare_at_amounts");
    let prices = currencies.iter().zip(amounts).zip(compare_at);
    Ok(Variant {
        id: VariantId::from_uuid(row.get("id")),
        sku: row.get("sku"),
        barcode: row.get("barcode"),
        options: row.get::<_, Json<BTreeMap<String, String>>>("options").0,
        prices: prices
            .map(|((currency, amount), compare_at)| price(currency, amount, compare_at))
            .collect::<Result<_, _>>()?,
        weight_grams: row.get::<_, Option<i32>>("weight_grams").and_then(|grams| grams.try_into().ok()),
        media_id: row.get::<_, Option<Uuid>>("media_id").map(MediaId::from_uuid),
        tracked: row.get("tracked"),
        backorder: row.get("backorder"),
        requires_shipping: row.get("requires_shipping"),
        metadata: row.get::<_, Json<JsonMap>>("metadata").0,
    })
}

fn price(currency: &str, amount: i64, compare_at: Option<i64>) -> Result<Price, StoreError> {
    let bad = |what: &dyn std::fmt::Display| StoreError::inconsistent("price", what);
    let currency: Currency = currency.parse().map_err(|error| bad(&error))?;
    let money = |amount| Money::new(amount, currency).map_err(|error| bad(&error));
    Ok(Price { price: money(amount)?, compare_at: compare_at.map(money).transpose()? })
}

fn add_media(record: &mut ProductRecord, row: &Row) {
    let blob: Option<String> = row.get("blob");
    let renditions = row.get::<_, Option<Json<BTreeMap<String, String>>>>("renditions");
    if let (Some(blob), Some(Json(renditions))) = (&blob, renditions) {
        record.renditions.insert(blob.clone(), renditions);
    }
    record.product.media.push(Media {
        id: MediaId::from_uuid(row.get("id")),
        blob,
        source_url: row.get("source_url"),
        alt: row.get("alt"),
        width: row.get("width"),
        height: row.get("height"),
    });
}
