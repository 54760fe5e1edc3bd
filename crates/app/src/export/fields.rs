//! The fields of a product that JSON lines hold, each as JSON: members of a line, and in a CSV cells of the columns that
//! Shopify does not have.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use tradepost_domain::catalog::{JsonMap, Price, Product, Variant};
use tradepost_domain::kernel::{Handle, Money};
use tradepost_store::catalog::export::{StoredName, StoredPick, StoredProduct};

use super::{Surroundings, part};
use crate::import::columns::{Column, classify};
use crate::import::record::{IMPORT_KEY, SHOPIFY_KEY};

/// An object that is written member by member.
pub(super) struct Object {
    text: Vec<u8>,
}

impl Object {
    pub(super) fn new() -> Self {
        Self { text: b"{".to_vec() }
    }

    pub(super) fn raw(&mut self, name: &str, json: &[u8]) {
        if self.text.len() > 1 {
            self.text.extend_from_slice(b", ");
        }
        self.text.extend_from_slice(&json_of(&name));
        self.text.extend_from_slice(b": ");
        self.text.extend_from_slice(json);
    }

    pub(super) fn raw_some(&mut self, name: &str, json: Option<Vec<u8>>) {
        if let Some(json) = json {
            self.raw(name, &json);
        }
    }

    pub(super) fn put(&mut self, name: &str, value: &impl Serialize) {
        self.raw(name, &json_of(value));
    }

    pub(super) fn put_some(&mut self, name: &str, value: Option<&impl Serialize>) {
        self.raw_some(name, value.map(|value| json_of(value)));
    }

    /// An amount as a number with the digits of its currency.
    pub(super) fn money(&mut self, name: &str, money: Option<Money>) {
        let text = money.map_or_else(|| "null".to_owned(), Money::to_major_string);
        self.raw(name, text.as_bytes());
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.text.push(b'}');
        self.text
    }
}

/// Texts, lists and maps with texts as keys always serialise.
pub(super) fn json_of(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
}

/// A name as a text, or with its handle where an import would not find that by the name.
struct Name<'a> {
    handle: &'a str,
    text: &'a str,
    /// Whether others have the name, too.
    shared: bool,
}

impl Name<'_> {
    fn is_plain(&self) -> bool {
        let made = Handle::from_title(self.text);
        !self.shared && made.is_ok_and(|made| made.as_str() == self.handle) && self.text.trim() == self.text
    }
}

impl<'a> From<&'a StoredName> for Name<'a> {
    fn from(stored: &'a StoredName) -> Self {
        Self { handle: &stored.handle, text: &stored.name, shared: false }
    }
}

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            return serializer.serialize_str(self.text);
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("handle", self.handle)?;
        map.serialize_entry("name", self.text)?;
        map.end()
    }
}

#[derive(Serialize)]
struct Pick<'a> {
    handle: &'a str,
    title: &'a str,
    position: i32,
}

impl<'a> From<&'a StoredPick> for Pick<'a> {
    fn from(pick: &'a StoredPick) -> Self {
        Self { handle: &pick.collection.handle, title: &pick.collection.name, position: pick.position }
    }
}

fn path<'a>(surroundings: &'a Surroundings, category: Option<&super::CategoryId>) -> Vec<Name<'a>> {
    let path = surroundings.path(category.copied()).into_iter();
    let name = |row: &'a super::CategoryRow| Name {
        handle: &row.handle,
        text: &row.name,
        shared: surroundings.is_shared(row),
    };
    path.map(name).collect()
}

fn filled<T: Serialize>(list: &[T]) -> Option<Vec<u8>> {
    if list.is_empty() { None } else { Some(json_of(&list)) }
}

fn filled_map(map: &JsonMap) -> Option<Vec<u8>> {
    if map.is_empty() { None } else { Some(json_of(map)) }
}

/// Metadata without what imports keep for themselves, which stands elsewhere.
fn metadata_of_shop(metadata: &JsonMap) -> Option<Vec<u8>> {
    let kept = metadata.iter().filter(|(key, _)| *key != IMPORT_KEY);
    filled_map(&kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Metadata without what the columns of Shopify hold.
fn metadata_beside(metadata: &JsonMap, of: Holder) -> Option<Vec<u8>> {
    let mut rest = metadata.clone();
    rest.remove(IMPORT_KEY);
    if let Some(Value::Object(kept)) = rest.get_mut(SHOPIFY_KEY) {
        kept.retain(|name, value| !of.has_column_for(name, value));
        if kept.is_empty() {
            rest.remove(SHOPIFY_KEY);
        }
    }
    filled_map(&rest)
}

/// Whose metadata it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Product,
    /// The first variant shares its row with the product.
    FirstVariant,
    Variant,
}

impl Holder {
    /// Whether the value stands in a column where an import reads it back.
    fn has_column_for(self, name: &str, value: &Value) -> bool {
        let Column::PassedThrough(passed) = classify(name) else { return false };
        let is_its_own = match self {
            Self::Product => !passed.of_variant,
            Self::FirstVariant => passed.of_variant,
            Self::Variant => true,
        };
        let usual = if passed.of_variant || self == Self::Product { passed.usual } else { "" };
        is_its_own && passed.name == name && value.as_str().is_some_and(|text| text != usual)
    }
}

/// A field of a product as JSON; nothing where there is nothing to say.
pub(super) fn of_product(
    field: &str,
    stored: &StoredProduct,
    surroundings: &Surroundings,
) -> Option<Vec<u8>> {
    let product = &stored.product;
    match field {
        "id" => part(&product.metadata, IMPORT_KEY).and_then(|kept| kept.get("id")).map(json_of),
        "brand" => stored.brand.as_ref().map(|name| json_of(&Name::from(name))),
        "type" => stored.product_type.as_ref().map(|name| json_of(&Name::from(name))),
        "category" => filled(&path(surroundings, product.category_id.as_ref())),
        "categories" => {
            let paths = product.category_ids.iter().map(|id| path(surroundings, Some(id)));
            filled(&paths.collect::<Vec<_>>())
        }
        "tags" => filled(&product.tags),
        "options" => (!follow_from_variants(product)).then(|| json_of(&product.options)),
        "channels" => product.channel_ids.as_ref().map(|ids| json_of(&surroundings.channels(ids))),
        "collections" => filled(&stored.picks.iter().map(Pick::from).collect::<Vec<_>>()),
        "publish_at" => product.publish_at.map(|at| json_of(&at.to_string())),
        "published_at" => product.published_at.map(|at| json_of(&at.to_string())),
        "popularity" => Some(json_of(&product.popularity)),
        "translations" => filled_map(&stored.translations),
        "metadata" => metadata_of_shop(&product.metadata),
        _ => None,
    }
}

/// The same for a column beside those of Shopify, which hold most of it.
pub(super) fn of_product_beside_shopify(
    field: &str,
    stored: &StoredProduct,
    surroundings: &Surroundings,
) -> Option<Vec<u8>> {
    let product = &stored.product;
    let plain = |name: Option<&StoredName>| name.is_none_or(|name| Name::from(name).is_plain());
    let holds = match field {
        "brand" => plain(stored.brand.as_ref()),
        "type" => plain(stored.product_type.as_ref()),
        "category" => path(surroundings, product.category_id.as_ref())
            .iter()
            .all(|name| name.is_plain() && !name.text.contains('>')),
        "tags" => product.tags.iter().all(|tag| !tag.contains(',') && tag.trim() == tag),
        "options" if product.options.first().is_some_and(|option| option.name == "Title") => {
            return Some(json_of(&product.options));
        }
        "metadata" => return metadata_beside(&product.metadata, Holder::Product),
        _ => false,
    };
    if holds { None } else { of_product(field, stored, surroundings) }
}

/// A field of a variant as JSON; nothing where there is nothing to say.
pub(super) fn of_variant(field: &str, variant: &Variant, surroundings: &Surroundings) -> Option<Vec<u8>> {
    match field {
        "prices" => {
            let is_other = |price: &&Price| price.price.currency() != surroundings.currency;
            let mut prices = Object::new();
            let mut some = false;
            for price in variant.prices.iter().filter(is_other) {
                let mut one = Object::new();
                one.money("price", Some(price.price));
                one.money("compare_at", price.compare_at);
                prices.raw(price.price.currency().code(), &one.end());
                some = true;
            }
            some.then(|| prices.end())
        }
        "metadata" => metadata_of_shop(&variant.metadata),
        _ => None,
    }
}

/// The same for a column beside those of Shopify.
pub(super) fn of_variant_beside_shopify(
    field: &str,
    (variant, is_first): (&Variant, bool),
    surroundings: &Surroundings,
) -> Option<Vec<u8>> {
    let holder = if is_first { Holder::FirstVariant } else { Holder::Variant };
    match field {
        "metadata" => metadata_beside(&variant.metadata, holder),
        _ => of_variant(field, variant, surroundings),
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
