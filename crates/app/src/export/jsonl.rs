//! Writes products as JSON lines: prices in major units with their exact digits, attributes beside the known fields.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use tradepost_domain::catalog::{JsonMap, ProductOption, Variant};
use tradepost_store::catalog::export::StoredProduct;

use super::Surroundings;
use super::fields::{Object, of_product, of_variant};
use crate::import::members::FIELDS;

/// Option values in the order of the options.
struct Options<'a>(&'a [ProductOption], &'a Variant);

impl Serialize for Options<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for option in self.0 {
            if let Some(value) = self.1.options.get(&option.name) {
                map.serialize_entry(&option.name, value)?;
            }
        }
        map.end()
    }
}

/// The line of a product, its end included.
pub(super) fn write(stored: &StoredProduct, surroundings: &Surroundings) -> Vec<u8> {
    let product = &stored.product;
    let mut line = Object::new();
    let put = |line: &mut Object, field| line.raw_some(field, of_product(field, stored, surroundings));
    put(&mut line, "id");
    line.put("handle", &product.handle);
    line.put("title", &product.title);
    line.put("description", &product.description);
    for field in ["brand", "type", "category", "categories"] {
        put(&mut line, field);
    }
    line.put("status", &product.status.as_str());
    for field in ["publish_at", "channels", "collections", "tags"] {
        put(&mut line, field);
    }
    attributes(&mut line, &product.attributes);
    let first = product.variants.first().and_then(|variant| variant.price_in(surroundings.currency));
    line.money("price", first.map(|price| price.price));
    for field in ["popularity", "published_at"] {
        put(&mut line, field);
    }
    pictures(&mut line, &surroundings.pictures(product));
    if product.seo.title.is_some() || product.seo.description.is_some() {
        let mut seo = Object::new();
        seo.put_some("title", product.seo.title.as_ref());
        seo.put_some("description", product.seo.description.as_ref());
        line.raw("seo", &seo.end());
    }
    for field in ["options", "translations"] {
        put(&mut line, field);
    }
    variants(&mut line, stored, surroundings);
    put(&mut line, "metadata");
    let mut bytes = line.end();
    bytes.push(b'\n');
    bytes
}

/// Attributes beside the known fields; those of the same names, in an object of their own.
fn attributes(line: &mut Object, attributes: &JsonMap) {
    let known = |key: &str| FIELDS.contains(&key);
    for (key, value) in attributes.iter().filter(|(key, value)| !known(key) && !value.is_null()) {
        line.put(key, value);
    }
    let hidden = attributes.iter().filter(|(key, _)| known(key));
    let hidden: JsonMap = hidden.map(|(key, value)| (key.clone(), value.clone())).collect();
    if !hidden.is_empty() {
        line.put("attributes", &hidden);
    }
}

/// A single name of a picture stands as `image`, everything else as a list.
fn pictures(line: &mut Object, pictures: &[(String, String)]) {
    match pictures {
        [] => {}
        [(address, alt)] if alt.is_empty() => line.put("image", address),
        _ => {
            let items: Vec<_> =
                pictures.iter().map(|(url, alt)| serde_json::json!({"url": url, "alt": alt})).collect();
            line.put("media", &items);
        }
    }
}

fn variants(line: &mut Object, stored: &StoredProduct, surroundings: &Surroundings) {
    let product = &stored.product;
    let mut list = b"[".to_vec();
    for (place, variant) in product.variants.iter().enumerate() {
        if place > 0 {
            list.extend_from_slice(b", ");
        }
        let on_hand = stored.on_hand.get(place).copied().flatten();
        let mut object = Object::new();
        object.put_some("sku", variant.sku.as_ref());
        object.put("options", &Options(&product.options, variant));
        let price = variant.price_in(surroundings.currency);
        object.money("price", price.map(|price| price.price));
        object.money("compare_at", price.and_then(|price| price.compare_at));
        object.raw_some("prices", of_variant("prices", variant, surroundings));
        object.put_some("stock", on_hand.as_ref());
        object.put_some("weight_grams", variant.weight_grams.as_ref());
        object.put_some("barcode", variant.barcode.as_ref());
        if variant.tracked != on_hand.is_some() {
            object.put("tracked", &variant.tracked);
        }
        if variant.backorder {
            object.put("backorder", &true);
        }
        if !variant.requires_shipping {
            object.put("requires_shipping", &false);
        }
        object.put_some("image", surroundings.picture_of(product, variant).as_ref());
        object.raw_some("metadata", of_variant("metadata", variant, surroundings));
        list.extend_from_slice(&object.end());
    }
    list.push(b']');
    line.raw("variants", &list);
}
