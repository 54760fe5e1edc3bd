//! The members of a product in JSON, one by one: as lines have them, and as single cells of a CSV hold them.
//!
//! Numbers of money are taken from their text: they are never floats on the way.

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use tradepost_domain::catalog::{JsonMap, ProductOption};

use super::record::{
    IMPORT_KEY, MediaRecord, NameRecord, PickRecord, ProductRecord, RowError, VariantRecord,
};
use crate::patch::Patch;

/// The fields that are understood; all others are attributes, and attributes of these names stand under `attributes`.
pub const FIELDS: &[&str] = &[
    "id",
    "handle",
    "title",
    "description",
    "brand",
    "type",
    "category",
    "categories",
    "channels",
    "collections",
    "tags",
    "status",
    "published",
    "price",
    "prices",
    "compare_at",
    "stock",
    "sku",
    "barcode",
    "weight_grams",
    "tracked",
    "backorder",
    "requires_shipping",
    "image",
    "media",
    "options",
    "variants",
    "attributes",
    "metadata",
    "seo",
    "popularity",
    "published_at",
    "publish_at",
    "translations",
];

/// The name of a member, out of the text itself where it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of an object in the order of the text, their values unread.
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(serde::de::Error::custom(format!("`{name}` is there twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Reads members into a record, collecting what is wrong: those of one line here, and those that stand as JSON in cells
/// of a CSV.
pub(super) struct MemberParser {
    line: u64,
    pub(super) errors: Vec<RowError>,
}

impl MemberParser {
    pub(super) fn new(line: u64) -> Self {
        Self { line, errors: Vec::new() }
    }

    fn fail(&mut self, field: &dyn Display, expected: &'static str) {
        self.errors.push(RowError::new(self.line, Some(field.to_string()), "invalid_type", expected));
    }

    fn value<T: DeserializeOwned>(
        &mut self,
        field: &dyn Display,
        raw: &RawValue,
        expected: &'static str,
    ) -> Option<T> {
        let value: Option<Option<T>> = serde_json::from_str(raw.get()).ok();
        if value.is_none() {
            self.fail(field, expected);
        }
        value.flatten()
    }

    /// A text; null clears it as an empty text does.
    fn text(&mut self, field: &dyn Display, raw: &RawValue) -> String {
        self.value(field, raw, "expected a text").unwrap_or_default()
    }

    /// A number as it is written, or as a text holds it.
    fn number(&mut self, field: &dyn Display, raw: &RawValue) -> Option<String> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'0'..=b'9' | b'-') => Some(text.to_owned()),
            Some(b'"') => self.value(field, raw, "expected a number"),
            Some(b'n') => None,
            _ => {
                self.fail(field, "expected a number");
                None
            }
        }
    }

    fn members<'a>(&mut self, field: &dyn Display, raw: &'a RawValue) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        match serde_json::from_str::<Option<Members<'a>>>(raw.get()) {
            Ok(members) => members.map(|members| members.0).unwrap_or_default(),
            Err(error) => {
                let expected = if raw.get().starts_with('{') {
                    Cow::Owned(reason(&error))
                } else {
                    Cow::Borrowed("expected an object")
                };
                let field = Some(field.to_string());
                self.errors.push(RowError::new(self.line, field, "invalid_type", expected));
                Vec::new()
            }
        }
    }

    /// Adds the members of an object to a map.
    fn values(&mut self, field: &dyn Display, raw: &RawValue, map: &mut JsonMap) {
        for (key, raw) in self.members(field, raw) {
            let value = self.value(&format_args!("{field}.{key}"), raw, "expected JSON");
            map.insert(key.into_owned(), value.unwrap_or(Value::Null));
        }
    }

    fn items<'a>(&mut self, field: &dyn Display, raw: &'a RawValue) -> Vec<&'a RawValue> {
        if let Ok(items) = serde_json::from_str::<Option<Vec<&'a RawValue>>>(raw.get()) {
            items.unwrap_or_default()
        } else {
            self.fail(field, "expected a list");
            Vec::new()
        }
    }

    /// A name as a text, or as an object with a handle.
    fn name(&mut self, field: &dyn Display, raw: &RawValue) -> NameRecord {
        self.name_and(field, raw, &mut |_, _, _| false)
    }

    /// A name whose object may have members of its own, which `other` takes.
    fn name_and(
        &mut self,
        field: &dyn Display,
        raw: &RawValue,
        other: &mut dyn FnMut(&mut Self, &str, &RawValue) -> bool,
    ) -> NameRecord {
        if !raw.get().starts_with('{') {
            return self.text(field, raw).into();
        }
        let mut record = NameRecord::default();
        for (name, raw) in self.members(field, raw) {
            let place = format_args!("{field}.{name}");
            match &*name {
                "name" | "title" => record.name = self.text(&place, raw),
                "handle" => record.handle = Some(self.text(&place, raw)).filter(|text| !text.is_empty()),
                _ if other(self, &name, raw) => {}
                _ => self.fail(&place, "expected a text, or an object with `handle` and `name`"),
            }
        }
        record
    }

    /// A path of categories from the root, as a list or as one text.
    fn path(&mut self, field: &dyn Display, raw: &RawValue) -> Vec<NameRecord> {
        if raw.get().starts_with('"') {
            let path = self.text(field, raw);
            let names = path.split('>').map(str::trim).filter(|name| !name.is_empty());
            return names.map(|name| name.to_owned().into()).collect();
        }
        let items = self.items(field, raw).into_iter().enumerate();
        items.map(|(index, raw)| self.name(&format_args!("{field}[{index}]"), raw)).collect()
    }

    fn picks(&mut self, raw: &RawValue) -> Vec<PickRecord> {
        let mut picks = Vec::new();
        for (index, raw) in self.items(&"collections", raw).into_iter().enumerate() {
            let field = format_args!("collections[{index}]");
            let mut position = None;
            let collection = self.name_and(&field, raw, &mut |parser, name, raw| {
                let known = name == "position";
                if known {
                    position = parser.number(&format_args!("{field}.position"), raw);
                }
                known
            });
            picks.push(PickRecord { collection, position });
        }
        picks
    }

    pub(super) fn variant_member(
        &mut self,
        variant: &mut VariantRecord,
        path: &dyn Display,
        name: &str,
        raw: &RawValue,
    ) -> bool {
        let field = format_args!("{path}{name}");
        match name {
            "sku" => variant.sku = Some(self.text(&field, raw)),
            "price" => variant.price = self.number(&field, raw),
            "compare_at" => variant.compare_at = Some(self.number(&field, raw).unwrap_or_default()),
            "prices" => {
                for (code, raw) in self.members(&field, raw) {
                    let field = format_args!("{field}.{code}");
                    let (mut price, mut compare_at) = (None, None);
                    for (name, raw) in self.members(&field, raw) {
                        let place = format_args!("{field}.{name}");
                        match &*name {
                            "price" => price = self.number(&place, raw),
                            "compare_at" => compare_at = self.number(&place, raw),
                            _ => self.fail(&place, "expected `price` and `compare_at`"),
                        }
                    }
                    variant.prices.push((code.into_owned(), price.unwrap_or_default(), compare_at));
                }
            }
            "stock" => variant.stock = self.number(&field, raw),
            "weight_grams" => {
                variant.weight = Some((self.number(&field, raw).unwrap_or_default(), "g".to_owned()));
            }
            "barcode" => variant.barcode = Some(self.text(&field, raw)),
            "tracked" => variant.tracked = self.value(&field, raw, "expected true or false"),
            "backorder" => variant.backorder = self.value(&field, raw, "expected true or false"),
            "requires_shipping" => {
                variant.requires_shipping = self.value(&field, raw, "expected true or false");
            }
            "metadata" => {
                variant.metadata = self.value(&field, raw, "expected an object").unwrap_or_default();
            }
            _ => return false,
        }
        true
    }

    fn variant(&mut self, index: usize, raw: &RawValue) -> VariantRecord {
        let (place, path) = (format_args!("variants[{index}]"), format_args!("variants[{index}]."));
        let mut variant = VariantRecord { line: self.line, ..VariantRecord::default() };
        for (name, raw) in self.members(&place, raw) {
            if self.variant_member(&mut variant, &path, &name, raw) {
                continue;
            }
            let field = format_args!("{path}{name}");
            match &*name {
                "options" => {
                    for (option, raw) in self.members(&field, raw) {
                        let value = self.text(&format_args!("{field}.{option}"), raw);
                        variant.options.push((option.into_owned(), value));
                    }
                }
                "image" => variant.image = Some(self.text(&field, raw)),
                // An id of the file's own, or a field of a later version: kept, not understood.
                _ => {
                    if let Some(value) = self.value(&field, raw, "expected JSON") {
                        variant.metadata.insert(name.into_owned(), value);
                    }
                }
            }
        }
        variant
    }

    fn media(&mut self, raw: &RawValue) -> Vec<MediaRecord> {
        let mut media = Vec::new();
        for (index, raw) in self.items(&"media", raw).into_iter().enumerate() {
            let field = format_args!("media[{index}]");
            let mut found = MediaRecord { line: self.line, ..MediaRecord::default() };
            if raw.get().starts_with('"') {
                found.url = self.text(&field, raw);
            } else {
                for (name, raw) in self.members(&field, raw) {
                    let text = self.text(&format_args!("{field}.{name}"), raw);
                    match &*name {
                        "url" => found.url = text,
                        "alt" => found.alt = text,
                        _ => self.fail(&format_args!("{field}.{name}"), "expected `url` and `alt`"),
                    }
                }
            }
            media.push(found);
        }
        media
    }

    /// Where the product is to be found.
    fn place_member(&mut self, record: &mut ProductRecord, name: &str, raw: &RawValue) -> bool {
        match name {
            "category" => record.category = Some(self.path(&name, raw)),
            "categories" => {
                let items = self.items(&name, raw).into_iter().enumerate();
                let paths = items.map(|(index, raw)| self.path(&format_args!("categories[{index}]"), raw));
                record.categories = Some(paths.collect());
            }
            "channels" => {
                let handles = self.value(&name, raw, "expected a list of handles or null");
                record.channels = handles.map_or(Patch::Null, Patch::Value);
            }
            "collections" => record.picks = Some(self.picks(raw)),
            _ => return false,
        }
        true
    }

    pub(super) fn member(
        &mut self,
        record: &mut ProductRecord,
        own: &mut VariantRecord,
        name: Cow<'_, str>,
        raw: &RawValue,
    ) {
        match &*name {
            "handle" => record.handle = Some(self.text(&name, raw)).filter(|text| !text.is_empty()),
            "title" => record.title = Some(self.text(&name, raw)),
            "description" => record.description = Some(self.text(&name, raw)),
            "brand" => record.brand = Some(self.name(&name, raw)),
            "type" => record.product_type = Some(self.name(&name, raw)),
            "tags" => {
                record.tags = Some(self.value(&name, raw, "expected a list of texts").unwrap_or_default());
            }
            "status" => record.status = Some(self.text(&name, raw)),
            "published" => {
                let published: Option<bool> = self.value(&name, raw, "expected true or false");
                record.published = published.map(|published| published.to_string());
            }
            "id" | "image" => {
                let text = self.text(&name, raw);
                if text.is_empty() {
                    return;
                }
                if name == "id" {
                    let kept =
                        record.metadata.entry(IMPORT_KEY).or_insert_with(|| Value::Object(JsonMap::new()));
                    kept.as_object_mut().map(|kept| kept.insert(name.into_owned(), Value::from(text)));
                } else if record.media.is_none() {
                    let media = MediaRecord { line: self.line, url: text, alt: String::new() };
                    record.media = Some(vec![media]);
                }
            }
            "media" => record.media = Some(self.media(raw)),
            "options" => {
                let options: Option<Vec<ProductOption>> =
                    self.value(&name, raw, "expected a list of `{name, values}`");
                record.options = options
                    .map(|options| options.into_iter().map(|option| (option.name, option.values)).collect());
            }
            "variants" => {
                record.lists_variants = true;
                let items = self.items(&name, raw).into_iter().enumerate();
                record.variants = items.map(|(index, raw)| self.variant(index, raw)).collect();
            }
            "attributes" => self.values(&name, raw, &mut record.attributes),
            "metadata" => self.values(&name, raw, &mut record.metadata),
            "seo" => {
                for (name, raw) in self.members(&"seo", raw) {
                    let text = Some(self.text(&format_args!("seo.{name}"), raw));
                    match &*name {
                        "title" => record.seo_title = text,
                        "description" => record.seo_description = text,
                        _ => self.fail(&format_args!("seo.{name}"), "expected `title` and `description`"),
                    }
                }
            }
            "translations" => {
                record.translations = self.value(&name, raw, "expected an object").unwrap_or_default();
            }
            "published_at" => {
                record.published_at = Some(self.text(&name, raw)).filter(|text| !text.is_empty());
            }
            "publish_at" => record.publish_at = Some(self.text(&name, raw)),
            "popularity" => record.popularity = self.number(&name, raw),
            _ if self.place_member(record, &name, raw) => {}
            _ if self.variant_member(own, &"", &name, raw) => {}
            _ => {
                // Null says that there is no such attribute.
                let value = self.value(&name, raw, "expected JSON").unwrap_or(Value::Null);
                record.attributes.insert(name.into_owned(), value);
            }
        }
    }

    /// The product that all members make.
    pub(super) fn record(mut self, members: Members<'_>) -> ProductRecord {
        let mut record = ProductRecord { line: self.line, ..ProductRecord::default() };
        let mut own = VariantRecord { line: self.line, ..VariantRecord::default() };
        for (name, raw) in members.0 {
            self.member(&mut record, &mut own, name, raw);
        }
        if record.lists_variants {
            // The price of the product stands for variants that tell none.
            for variant in &mut record.variants {
                if variant.price.is_none() && variant.prices.is_empty() {
                    variant.price.clone_from(&own.price);
                }
            }
        } else {
            record.variants.push(own);
        }
        record.errors = self.errors;
        record
    }
}

/// What is wrong with a text, without the place in it: a line of the file has its own.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}
