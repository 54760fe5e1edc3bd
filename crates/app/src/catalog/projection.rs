//! Parts of finished JSON: single fields of cards and pages, taken as they stand without being read or written anew.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use tradepost_store::StoreError;

/// Fields of a card.
pub const CARD_FIELDS: &[&str] = &[
    "id",
    "handle",
    "title",
    "brand",
    "category",
    "price",
    "price_max",
    "compare_at_price",
    "availability",
    "image",
    "rating",
    "variant_count",
    "updated_at",
];

/// Fields that a page has beside the card's.
pub const PAGE_FIELDS: &[&str] = &[
    "description",
    "type",
    "tags",
    "options",
    "variants",
    "attributes",
    "media",
    "categories",
    "metadata",
    "version",
];

/// Fields of the page that a listing's cards can be widened by.
pub const CARD_EXPANSIONS: &[&str] = &["variants", "attributes", "media", "options", "description"];

/// The fields of an object in their order, each as the text it has.
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(32);
                while let Some(field) = map.next_entry::<&str, &RawValue>()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// An object that is put together from fields of others.
#[derive(Debug)]
pub(super) struct ObjectWriter {
    json: Vec<u8>,
}

impl ObjectWriter {
    pub(super) fn new() -> Self {
        Self { json: b"{".to_vec() }
    }

    /// Takes over those fields of a finished object that are wanted.
    pub(super) fn take(&mut self, object: &[u8], wanted: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let fields: Fields<'_> = serde_json::from_slice(object)
            .map_err(|error| StoreError::inconsistent("product_view", error))?;
        for (name, value) in fields.0.into_iter().filter(|(name, _)| wanted(name)) {
            if self.json.len() > 1 {
                self.json.push(b',');
            }
            self.json.push(b'"');
            self.json.extend_from_slice(name.as_bytes());
            self.json.extend_from_slice(b"\":");
            self.json.extend_from_slice(value.get().as_bytes());
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.json.push(b'}');
        self.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::views::{ProductCard, ProductDetails};
    use utoipa::PartialSchema;

    #[test]
    fn the_fields_are_those_that_are_rendered() {
        let names = |schema: utoipa::openapi::RefOr<utoipa::openapi::Schema>| -> Vec<String> {
            let schema = serde_json::to_value(schema).unwrap();
            schema.get("properties").and_then(serde_json::Value::as_object).unwrap().keys().cloned().collect()
        };
        let sorted = |fields: &[&'static str]| {
            let mut fields = fields.to_vec();
            fields.sort_unstable();
            fields
        };
        assert_eq!(names(ProductCard::schema()), sorted(CARD_FIELDS));
        assert_eq!(names(ProductDetails::schema()), sorted(PAGE_FIELDS));
        assert!(CARD_EXPANSIONS.iter().all(|name| PAGE_FIELDS.contains(name)));
    }

    #[test]
    fn fields_keep_their_order_and_their_very_text() {
        let mut writer = ObjectWriter::new();
        writer.take(br#"{"a": 1.50, "b":"x\"}", "c" : {"d":[1, 2]}}"#, |name| name != "a").unwrap();
        writer.take(br#"{"e":null,"f":0}"#, |name| name == "e").unwrap();
        assert_eq!(String::from_utf8(writer.finish()).unwrap(), r#"{"b":"x\"}","c":{"d":[1, 2]},"e":null}"#);
        assert_eq!(ObjectWriter::new().finish(), b"{}");
    }

    #[test]
    fn what_is_no_object_is_an_inconsistency() {
        assert!(ObjectWriter::new().take(b"[1]", |_| true).is_err());
    }
}
