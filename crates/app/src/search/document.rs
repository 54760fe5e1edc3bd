//! A product of the read model as search engines see it.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::{Map, Value};
use tradepost_domain::kernel::ids::{CategoryId, VariantId};
use tradepost_port::search::document::{CategoryNode, Named, OptionValue};
use tradepost_port::search::{Live, LiveVariant, SearchDocument, SearchVariant};
use tradepost_store::catalog::indexing::IndexRow;

use crate::catalog::text::plain_text;

/// What is read of a product's page; its other fields are nothing that anyone searches for.
#[derive(Deserialize)]
struct Page {
    title: String,
    brand: Option<String>,
    r#type: Option<String>,
    description: String,
    tags: Vec<String>,
    categories: Vec<CategoryPath>,
    variants: Vec<Variant>,
    attributes: Map<String, Value>,
}

#[derive(Deserialize)]
struct CategoryPath {
    path: Vec<Category>,
}

#[derive(Deserialize)]
struct Category {
    id: CategoryId,
    name: String,
}

#[derive(Deserialize)]
struct Variant {
    id: VariantId,
    sku: Option<String>,
    barcode: Option<String>,
    options: BTreeMap<String, String>,
    price: Price,
    availability: String,
}

#[derive(Deserialize)]
struct Price {
    amount: i64,
}

/// The document of a row.
pub(super) fn document(row: IndexRow) -> Result<SearchDocument, serde_json::Error> {
    let page: Page = serde_json::from_str(&row.page)?;
    let named = |name: Option<String>, handle: String| name.map(|name| Named { handle, name });
    Ok(SearchDocument {
        id: row.product_id,
        title: page.title,
        title_sort: row.title_sort,
        description: plain_text(&page.description),
        brand: named(page.brand, row.brand_handle),
        product_type: named(page.r#type, row.type_handle),
        categories: nodes(page.categories),
        collections: row.collection_ids,
        tags: page.tags,
        attributes: page.attributes,
        variants: page.variants.into_iter().map(variant).collect(),
        rating_hundredths: i64::from(row.rating_hundredths),
        popularity: row.popularity,
        published_at: row.published_at,
    })
}

/// The categories of all paths, each once; a path goes from the root down.
fn nodes(paths: Vec<CategoryPath>) -> Vec<CategoryNode> {
    let (mut nodes, mut seen) = (Vec::new(), HashSet::new());
    for CategoryPath { path } in paths {
        let mut parent = None;
        for Category { id, name } in path {
            if seen.insert(id) {
                nodes.push(CategoryNode { id, name, parent });
            }
            parent = Some(id);
        }
    }
    nodes
}

fn variant(variant: Variant) -> SearchVariant {
    let options = variant.options.into_iter().map(|(name, value)| OptionValue { name, value });
    SearchVariant {
        id: variant.id,
        codes: variant.sku.into_iter().chain(variant.barcode).collect(),
        options: options.collect(),
        price: variant.price.amount,
        in_stock: variant.availability != "out_of_stock",
    }
}

/// Price and stock of all variants: all of a document that its [`words`] do not tell.
pub(super) fn live(document: &SearchDocument) -> Live {
    let live = |variant: &SearchVariant| LiveVariant {
        id: variant.id,
        price: variant.price,
        in_stock: variant.in_stock,
    };
    Live { variants: document.variants.iter().map(live).collect() }
}

/// A hash of everything but prices and stock: documents that differ in nothing else have the same.
pub(super) fn words(document: &SearchDocument) -> u64 {
    let SearchDocument {
        id,
        title,
        title_sort,
        description,
        brand,
        product_type,
        categories,
        collections,
        tags,
        attributes,
        variants,
        rating_hundredths,
        popularity,
        published_at,
    } = document;
    let mut hasher = DefaultHasher::new();
    (id, title, title_sort, description, brand, product_type).hash(&mut hasher);
    (categories, collections, tags).hash(&mut hasher);
    (rating_hundredths, popularity, published_at).hash(&mut hasher);
    Value::Object(attributes.clone()).to_string().hash(&mut hasher);
    for variant in variants {
        (&variant.id, &variant.codes, &variant.options).hash(&mut hasher);
    }
    variants.len().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use tradepost_domain::kernel::ids::{ChannelId, EntityId, ProductId};
    use tradepost_store::catalog::fragment::View;
    use uuid::Uuid;

    use super::*;

    fn row(amount: i64, availability: &str) -> IndexRow {
        let id = |number| Uuid::from_u128(number);
        let (shoes, boots) = (CategoryId::from_uuid(id(1)), CategoryId::from_uuid(id(2)));
        let path = json!([{"id": shoes, "handle": "shoes", "name": "Shoes"}, {"id": boots, "handle": "boots", "name": "Boots"}]);
        let variant = json!({"id": VariantId::from_uuid(id(3)), "sku": "B-1", "barcode": null, "title": "Red",
            "options": {"Color": "Red"}, "price": {"amount": amount, "currency": "EUR"}, "availability": availability});
        let page = json!({"title": "Trail boot", "brand": "Nordvik", "type": null, "description": "<p>Warm &amp; dry</p>",
            "tags": ["warm"], "categories": [{"id": boots, "path": path}, {"id": shoes, "path": [path[0]]}],
            "variants": [variant], "attributes": {"material": "wool"}, "options": [], "media": []});
        IndexRow {
            view: View { channel_id: ChannelId::from_uuid(id(9)), locale: "en".parse().unwrap() },
            product_id: ProductId::from_uuid(id(4)),
            version: 7,
            title_sort: "trail boot".to_owned(),
            published_at: Timestamp::UNIX_EPOCH,
            popularity: 3,
            rating_hundredths: 450,
            brand_handle: "nordvik".to_owned(),
            type_handle: String::new(),
            collection_ids: Vec::new(),
            page: page.to_string(),
        }
    }

    #[test]
    fn a_document_has_every_category_once_below_its_parent() {
        let document = document(row(100, "low_stock")).unwrap();
        let names: Vec<_> = document.categories.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["Shoes", "Boots"]);
        assert_eq!(document.categories[1].parent, Some(document.categories[0].id));
        assert_eq!(document.description, "Warm & dry");
        assert_eq!(document.brand.as_ref().unwrap().handle, "nordvik");
        assert_eq!(document.product_type, None);
        assert_eq!(document.variants[0].codes, ["B-1"]);
        assert!(document.variants[0].in_stock);
    }

    #[test]
    fn price_and_stock_are_no_words_and_all_else_is() {
        let plain = document(row(100, "in_stock")).unwrap();
        let dearer = document(row(900, "out_of_stock")).unwrap();
        assert_eq!(words(&plain), words(&dearer));
        assert_eq!(live(&dearer).variants[0].price, 900);
        assert!(!live(&dearer).variants[0].in_stock);
        let other = SearchDocument { popularity: 4, ..plain.clone() };
        assert_ne!(words(&plain), words(&other));
    }
}
