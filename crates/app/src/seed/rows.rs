//! Rows of tables from values: ids drawn, handles resolved.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{
    BrandId, CategoryId, CollectionId, EntityId, MediaId, ProductId, ProductTypeId, ReviewId, StockLevelId,
    VariantId,
};
use tradepost_port::IdSource;
use tradepost_store::seed::SeedTable;
use uuid::Uuid;

use super::TableRows;
use super::values::{SeedProduct, SeedShop};

fn draw<T: EntityId>(ids: &dyn IdSource) -> Uuid {
    ids.next::<T>().as_uuid()
}

/// What products refer to, in the order in which it can be written.
pub(super) fn shop_rows(values: &SeedShop, ids: &dyn IdSource) -> Result<Vec<TableRows>, serde_json::Error> {
    let mut category_ids: HashMap<&str, Uuid> = HashMap::new();
    let mut categories = Vec::new();
    for (position, category) in values.categories.iter().enumerate() {
        let id = draw::<CategoryId>(ids);
        category_ids.insert(&category.handle, id);
        let parent = category.parent.as_deref().and_then(|parent| category_ids.get(parent));
        categories.push(json!({
            "id": id, "parent_id": parent, "handle": category.handle, "name": category.name,
            "position": position, "translations": category.translations,
        }));
    }
    let brand = |(handle, name): &(String, String)| json!({"id": draw::<BrandId>(ids), "handle": handle, "name": name});
    let mut types = Vec::new();
    for one in &values.types {
        let attributes = serde_json::to_value(&one.attributes)?;
        let id = draw::<ProductTypeId>(ids);
        types.push(json!({"id": id, "handle": one.handle, "name": one.name, "attributes": attributes}));
    }
    let mut collections = Vec::new();
    for one in &values.collections {
        let rule = one.rule.as_ref().map(serde_json::to_value).transpose()?;
        collections.push(json!({
            "id": draw::<CollectionId>(ids), "handle": one.handle, "title": one.title,
            "description": one.description, "kind": if rule.is_some() { "rule" } else { "manual" }, "rule": rule,
        }));
    }
    Ok(vec![
        (SeedTable::Categories, categories),
        (SeedTable::Brands, values.brands.iter().map(brand).collect()),
        (SeedTable::ProductTypes, types),
        (SeedTable::Collections, collections),
    ])
}

/// Rows of products and of all that hangs on them.
#[derive(Debug, Default)]
struct Rows {
    pictures: Vec<Value>,
    products: Vec<Value>,
    media: Vec<Value>,
    variants: Vec<Value>,
    prices: Vec<Value>,
    stock: Vec<Value>,
    reviews: Vec<Value>,
    members: Vec<Value>,
}

/// Products with all that hangs on them, in the order in which it can be written.
pub(super) fn product_rows(
    batch: &[SeedProduct],
    handles: &HashMap<(String, String), Uuid>,
    (ids, now): (&dyn IdSource, Timestamp),
) -> Vec<TableRows> {
    let mut rows = Rows::default();
    for product in batch {
        let id = draw::<ProductId>(ids);
        let find = |kind: &str, handle: &str| handles.get(&(kind.to_owned(), handle.to_owned()));
        let approved = || product.reviews.iter().filter(|review| review.approved);
        let rating_sum: i64 = approved().map(|review| i64::from(review.rating)).sum();
        rows.products.push(json!({
            "id": id, "handle": product.handle, "title": product.title, "description": product.description,
            "published_at": product.published_at.min(now), "brand_id": find("brand", &product.brand),
            "product_type_id": find("product_type", &product.product_type),
            "category_id": find("category", &product.category), "tags": product.tags,
            "attributes": product.attributes, "options": product.options,
            "seo_title": product.seo.0, "seo_description": product.seo.1, "popularity": product.popularity,
            "rating_sum": rating_sum, "rating_count": approved().count(), "translations": product.translations,
        }));
        rows.add_things(product, id, ids);
        for review in &product.reviews {
            rows.reviews.push(json!({
                "id": draw::<ReviewId>(ids), "product_id": id, "author": review.author, "rating": review.rating,
                "title": review.title, "body": review.body, "created_at": review.created_at.min(now),
                "status": if review.approved { "approved" } else { "pending" },
            }));
        }
        for (position, handle) in product.collections.iter().enumerate() {
            if let Some(collection) = find("collection", handle) {
                let member = json!({"collection_id": collection, "product_id": id, "position": position});
                rows.members.push(member);
            }
        }
    }
    vec![
        (SeedTable::Pictures, rows.pictures),
        (SeedTable::Products, rows.products),
        (SeedTable::ProductMedia, rows.media),
        (SeedTable::Variants, rows.variants),
        (SeedTable::Prices, rows.prices),
        (SeedTable::StockLevels, rows.stock),
        (SeedTable::Reviews, rows.reviews),
        (SeedTable::Members, rows.members),
    ]
}

impl Rows {
    /// Pictures, variants, prices and stock.
    fn add_things(&mut self, product: &SeedProduct, id: Uuid, ids: &dyn IdSource) {
        let mut media: HashMap<&str, Uuid> = HashMap::new();
        for (position, picture) in product.pictures.iter().enumerate() {
            let media_id = draw::<MediaId>(ids);
            media.insert(&picture.blob, media_id);
            self.pictures.push(json!({
                "blob": picture.blob, "content_type": picture.content_type, "width": picture.width,
                "height": picture.height, "size_bytes": picture.content.len(),
            }));
            self.media.push(json!({
                "id": media_id, "product_id": id, "position": position, "blob": picture.blob, "alt": picture.alt,
                "width": picture.width, "height": picture.height,
            }));
        }
        for (position, variant) in product.variants.iter().enumerate() {
            let variant_id = draw::<VariantId>(ids);
            self.variants.push(json!({
                "id": variant_id, "product_id": id, "position": position, "sku": variant.sku,
                "barcode": variant.barcode, "options": variant.options, "weight_grams": variant.weight_grams,
                "media_id": media.get(variant.picture.as_str()),
            }));
            for (price, compare_at) in &variant.prices {
                self.prices.push(json!({
                    "variant_id": variant_id, "currency": price.currency().code(), "amount": price.amount(),
                    "compare_at_amount": compare_at.map(Money::amount),
                }));
            }
            let level = draw::<StockLevelId>(ids);
            self.stock.push(json!({"id": level, "variant_id": variant_id, "on_hand": variant.on_hand}));
        }
    }
}
