//! Products for tests.

use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, ProductId, VariantId};
use tradepost_port::search::document::{CategoryNode, Named, OptionValue};
use tradepost_port::search::{SearchDocument, SearchVariant};
use uuid::Uuid;

/// A product that has nothing but a title; its id comes from it.
pub fn titled(title: &str) -> SearchDocument {
    let bits = title.bytes().fold(7_u128, |bits, byte| bits.wrapping_mul(257).wrapping_add(u128::from(byte)));
    SearchDocument::titled(ProductId::from_uuid(Uuid::from_u128(bits)), title)
}

/// A product of a brand in a category, whose options are those of its only variant.
pub fn product(brand: &str, category: &str, options: &[(&str, &str)]) -> SearchDocument {
    let id = |name: &str| {
        name.bytes().fold(1_u128, |bits, byte| bits.wrapping_mul(257).wrapping_add(u128::from(byte)))
    };
    let options =
        options.iter().map(|(name, value)| OptionValue { name: (*name).into(), value: (*value).into() });
    SearchDocument {
        brand: Some(Named { handle: brand.to_lowercase().replace(' ', "-"), name: brand.to_owned() }),
        categories: vec![CategoryNode {
            id: EntityId::from_uuid(Uuid::from_u128(id(category))),
            name: category.to_owned(),
            parent: None,
        }],
        variants: vec![SearchVariant {
            id: VariantId::from_uuid(Uuid::from_u128(id(brand))),
            codes: Vec::new(),
            options: options.collect(),
            price: 1_000,
            in_stock: true,
        }],
        attributes: serde_json::from_value(json!({})).unwrap_or_default(),
        ..titled(&format!("{brand} {category}"))
    }
}
