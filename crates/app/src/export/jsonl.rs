//! Writes products as JSON lines: prices in major units with their exact digits, attributes beside the known fields.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use tradepost_domain::catalog::{JsonMap, Price, Product, ProductOption, Variant};
use tradepost_domain::kernel::Money;
use tradepost_store::catalog::export::StoredProduct;

use super::{Surroundings, part};
use crate::import::jsonl::FIELDS;
use crate::import::record::IMPORT_KEY;

/// An object that is written member by member.
struct Object {
    text: Vec<u8>,
}

impl Object {
    fn new() -> Self {
        Self { text: b"{".to_vec() }
    }

    fn raw(&mut self, name: &str, json: &[u8]) {
        if self.text.len() > 1 {
            self.text.extend_from_slice(b", ");
        }
        self.text.extend_from_slice(&json_of(&name));
        self.text.extend_from_slice(b": ");
        self.text.extend_from_slice(json);
    }

    fn put(&mut self, name: &str, value: &impl Serialize) {
        self.raw(name, &json_of(value));
    }

    fn put_some(&mut self, name: &str, value: Option<&impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// An amount as a number with the digits of its currency.
    fn money(&mut self, name: &str, money: Option<Money>) {
        let text = money.map_or_else(|| "null".to_owned(), Money::to_major_string);
        self.raw(name, text.as_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.text.push(b'}');
        self.text
    }
}

/// Texts, lists and maps with texts as keys always serialise.
fn json_of(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
}

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
    line.put_some("id", part(&product.metadata, IMPORT_KEY).and_then(|kept| kept.get("id")));
    line.put("handle", &product.handle);
    line.put("title", &product.title);
    line.put("description", &product.description);
    line.put_some("brand", stored.brand.as_ref());
    line.put_some("type", stored.product_type.as_ref());
    let path = surroundings.path(product.category_id);
    if !path.is_empty() {
        line.put("category", &path);
    }
    line.put("status", &product.status.as_str());
    if !product.tags.is_empty() {
        line.put("tags", &product.tags);
    }
    let known = |key: &str| FIELDS.contains(&key);
    for (key, value) in product.attributes.iter().filter(|(key, value)| !known(key) && !value.is_null()) {
        line.put(key, value);
    }
    let hidden: JsonMap = product
        .attributes
        .iter()
        .filter(|(key, _)| known(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !hidden.is_empty() {
        line.put("attributes", &hidden);
    }
    let first = product.variants.first().and_then(|variant| variant.price_in(surroundings.currency));
    line.money("price", first.map(|price| price.price));
    line.put("popularity", &product.popularity);
    line.put_some("published_at", product.published_at.map(|at| at.to_string()).as_ref());
    pictures(&mut line, &surroundings.pictures(product));
    if product.seo.title.is_some() || product.seo.description.is_some() {
        let mut seo = Object::new();
        seo.put_some("title", product.seo.title.as_ref());
        seo.put_some("description", product.seo.description.as_ref());
        line.raw("seo", &seo.end());
    }
    if !follow_from_variants(product) {
        line.put("options", &product.options);
    }
    if !stored.translations.is_empty() {
        line.put("translations", &stored.translations);
    }
    variants(&mut line, stored, surroundings);
    let kept: JsonMap = product
        .metadata
        .iter()
        .filter(|(key, _)| *key != IMPORT_KEY)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !kept.is_empty() {
        line.put("metadata", &kept);
    }
    let mut bytes = line.end();
    bytes.push(b'\n');
    bytes
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

/// Whether reading the variants in order gives the same options in the same order.
fn follow_from_variants(product: &Product) -> bool {
    product.options.iter().all(|option| {
        let mut seen: Vec<&String> = Vec::new();
        for value in product.variants.iter().filter_map(|variant| variant.options.get(&option.name)) {
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        seen.into_iter().eq(&option.values)
    })
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
        let others: Vec<&Price> =
            variant.prices.iter().filter(|price| price.price.currency() != surroundings.currency).collect();
        if !others.is_empty() {
            let mut prices = Object::new();
            for price in others {
                let mut one = Object::new();
                one.money("price", Some(price.price));
                one.money("compare_at", price.compare_at);
                prices.raw(price.price.currency().code(), &one.end());
            }
            object.raw("prices", &prices.end());
        }
        object.put_some("stock", on_hand.as_ref());
        object.put_some("weight_grams", variant.weight_grams.as_ref());
        object.put_some("barcode", variant.barcode.as_ref());
        if variant.tracked != on_hand.is_some() {
            object.put("tracked", &variant.tracked);
        }
        if variant.backorder {
            object.put("backorder", &true);
        }
        let media = product.media.iter().find(|media| Some(media.id) == variant.media_id);
        object.put_some("image", media.map(|media| surroundings.address(media)).as_ref());
        if !variant.metadata.is_empty() {
            object.put("metadata", &variant.metadata);
        }
        list.extend_from_slice(&object.end());
    }
    list.push(b']');
    line.raw("variants", &list);
}
