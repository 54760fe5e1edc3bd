//! Rows of tables from values: ids drawn, handles resolved.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::catalog::product::{JsonMap, Media, Price, Product, ProductStatus, Seo, Variant};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{
    BrandId, CategoryId, CollectionId, EntityId, ProductId, ProductTypeId, ReviewId,
};
use tradepost_port::IdSource;
use tradepost_store::catalog::staging::{ImportedProduct, ImportedStock};
use tradepost_store::seed::SeedTable;
use uuid::Uuid;

use super::TableRows;
use super::values::{SeedPicture, SeedProduct, SeedShop, SeedVariant};
use crate::error::WriteError;

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

/// What hangs on products and is written beside them.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pictures: Vec<Value>,
    reviews: Vec<Value>,
    members: Vec<Value>,
}

impl Beside {
    /// Pictures' files, to be written before the products.
    pub(super) fn take_pictures(&mut self) -> TableRows {
        (SeedTable::Pictures, std::mem::take(&mut self.pictures))
    }

    /// What refers to the products, to be written after them.
    pub(super) fn into_rest(self) -> [TableRows; 2] {
        [(SeedTable::Reviews, self.reviews), (SeedTable::Members, self.members)]
    }
}

/// Products as an import writes them, with what hangs on them.
pub(super) fn product_rows(
    batch: &[SeedProduct],
    handles: &HashMap<(String, String), Uuid>,
    (ids, now): (&dyn IdSource, Timestamp),
) -> Result<(Vec<ImportedProduct>, Beside), WriteError> {
    let mut beside = Beside::default();
    let mut products = Vec::with_capacity(batch.len());
    for seed in batch {
        let id: ProductId = ids.next();
        let approved = || seed.reviews.iter().filter(|review| review.approved);
        let rating_sum = approved().map(|review| i64::from(review.rating)).sum();
        let rating_count = i64::try_from(approved().count()).unwrap_or(i64::MAX);
        products.push(ImportedProduct {
            product: product(seed, id, handles, (ids, now))?,
            translations: seed.translations.clone(),
            picks: None,
            stock: seed.variants.iter().map(|variant| Some(stock(variant.on_hand, ids))).collect(),
            rating: (rating_sum, rating_count),
            event_id: ids.next(),
        });
        beside.pictures.extend(seed.pictures.iter().map(|picture| {
            json!({
                "blob": picture.blob, "content_type": picture.content_type, "width": picture.width,
                "height": picture.height, "size_bytes": picture.content.len(),
            })
        }));
        for review in &seed.reviews {
            beside.reviews.push(json!({
                "id": draw::<ReviewId>(ids), "product_id": id.as_uuid(), "author": review.author,
                "rating": review.rating, "title": review.title, "body": review.body,
                "created_at": review.created_at.min(now),
                "status": if review.approved { "approved" } else { "pending" },
            }));
        }
        for (position, handle) in seed.collections.iter().enumerate() {
            if let Some(collection) = handles.get(&("collection".to_owned(), handle.clone())) {
                let member =
                    json!({"collection_id": collection, "product_id": id.as_uuid(), "position": position});
                beside.members.push(member);
            }
        }
    }
    Ok((products, beside))
}

fn stock(on_hand: u32, ids: &dyn IdSource) -> ImportedStock {
    ImportedStock { id: ids.next(), on_hand: i64::from(on_hand) }
}

fn product(
    seed: &SeedProduct,
    id: ProductId,
    handles: &HashMap<(String, String), Uuid>,
    (ids, now): (&dyn IdSource, Timestamp),
) -> Result<Product, WriteError> {
    let find = |kind: &str, handle: &str| handles.get(&(kind.to_owned(), handle.to_owned())).copied();
    let handle =
        seed.handle.parse().map_err(|_| WriteError::invalid("$.handle", "invalid_handle", "no handle"))?;
    let published_at = seed.published_at.min(now);
    let media: Vec<Media> = seed.pictures.iter().map(|picture| media(picture, ids)).collect();
    Ok(Product {
        id,
        version: 1,
        handle,
        title: seed.title.clone(),
        description: seed.description.clone(),
        status: ProductStatus::Published,
        publish_at: None,
        published_at: Some(published_at),
        brand_id: find("brand", &seed.brand).map(BrandId::from_uuid),
        product_type_id: find("product_type", &seed.product_type).map(ProductTypeId::from_uuid),
        category_id: find("category", &seed.category).map(CategoryId::from_uuid),
        category_ids: Vec::new(),
        tags: seed.tags.clone(),
        attributes: seed.attributes.clone(),
        metadata: JsonMap::new(),
        seo: Seo { title: Some(seed.seo.0.clone()), description: Some(seed.seo.1.clone()) },
        options: seed.options.clone(),
        variants: seed.variants.iter().map(|one| variant(one, &media, ids)).collect(),
        media,
        channel_ids: None,
        popularity: i64::try_from(seed.popularity).unwrap_or(i64::MAX),
        created_at: published_at,
        updated_at: now,
    })
}

fn media(picture: &SeedPicture, ids: &dyn IdSource) -> Media {
    Media {
        id: ids.next(),
        blob: Some(picture.blob.clone()),
        source_url: None,
        alt: picture.alt.clone(),
        width: i32::try_from(picture.width).ok(),
        height: i32::try_from(picture.height).ok(),
    }
}

fn variant(seed: &SeedVariant, media: &[Media], ids: &dyn IdSource) -> Variant {
    let price =
        |(price, compare_at): &(Money, Option<Money>)| Price { price: *price, compare_at: *compare_at };
    Variant {
        id: ids.next(),
        sku: Some(seed.sku.clone()),
        barcode: Some(seed.barcode.clone()),
        options: seed.options.clone(),
        prices: seed.prices.iter().map(price).collect(),
        weight_grams: Some(seed.weight_grams),
        media_id: media.iter().find(|one| one.blob.as_ref() == Some(&seed.picture)).map(|one| one.id),
        tracked: true,
        backorder: false,
        requires_shipping: true,
        metadata: JsonMap::new(),
    }
}
