//! Typed attributes: the schema that a product type lays down and the check of a product's attributes against it.
//!
//! Keys that the schema does not name are free: a shop may carry facts for which nobody has written a schema yet.

use std::fmt::Display;
use std::io;

use serde_json::Value;

use super::product::JsonMap;
use super::validate::Issue;
use crate::kernel::limits::{ATTRIBUTE_DEPTH_MAX, ATTRIBUTES_MAX, JSON_BYTES_MAX};

/// What an attribute's value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// Any text.
    Text,
    /// One of the listed values.
    Enum,
    /// Several of the listed values, or any texts when none is listed.
    List,
    /// A whole number.
    Integer,
    /// Any number.
    Decimal,
    /// Yes or no.
    Boolean,
}

/// One attribute of a product type.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeDefinition {
    /// Key in `attributes`, in snake case.
    pub key: String,
    /// Label as shown.
    pub label: String,
    /// Kind of value.
    pub kind: AttributeKind,
    /// Unit of a number, as shown behind it: `cm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Values of `Enum` and `List`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Whether every product of the type must have it.
    #[serde(default)]
    pub required: bool,
}

/// The attributes of a product type.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct AttributeSchema(pub Vec<AttributeDefinition>);

impl AttributeSchema {
    /// Checks the schema itself: keys in snake case, each once, values where the kind needs them.
    pub fn validate(&self) -> Result<(), Vec<Issue>> {
        let mut issues = Vec::new();
        for (index, definition) in self.0.iter().enumerate() {
            let path = format!("$.attributes[{index}]");
            let snake =
                |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
            if definition.key.is_empty() || definition.key.len() > 64 || !definition.key.chars().all(snake) {
                issues.push(Issue::new(
                    format!("{path}.key"),
                    "invalid_key",
                    "a key is in snake case, at most 64 characters",
                ));
            }
            if self.0.iter().take(index).any(|earlier| earlier.key == definition.key) {
                issues.push(Issue::new(format!("{path}.key"), "duplicate_key", "the key is there twice"));
            }
            if definition.kind == AttributeKind::Enum && definition.values.is_empty() {
                issues.push(Issue::new(
                    format!("{path}.values"),
                    "values_required",
                    "an enum needs its values",
                ));
            }
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }

    /// The part of the schema that is about these keys: a change answers for what it touches, not for what a schema that
    /// was changed meanwhile has against the rest.
    #[must_use]
    pub fn of_keys(&self, is_touched: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|definition| is_touched(&definition.key)).cloned().collect())
    }

    /// Checks a product's attributes; every finding names its key.
    pub fn check(&self, attributes: &JsonMap) -> Vec<Issue> {
        let mut issues = Vec::new();
        for definition in &self.0 {
            let path = format!("$.attributes.{}", definition.key);
            match attributes.get(&definition.key) {
                None | Some(Value::Null) if definition.required => {
                    issues.push(Issue::new(
                        path,
                        "attribute_required",
                        "the product type requires this attribute",
                    ));
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    if let Some(expected) = mismatch(definition, value) {
                        issues.push(Issue::new(path, "attribute_invalid", format!("expected {expected}")));
                    }
                }
            }
        }
        issues
    }
}

/// What was expected, when the value is something else.
fn mismatch(definition: &AttributeDefinition, value: &Value) -> Option<String> {
    let listed = |text: &str| definition.values.iter().any(|allowed| allowed == text);
    let one_of = || format!("one of: {}", definition.values.join(", "));
    match definition.kind {
        AttributeKind::Text => (!value.is_string()).then(|| "a text".to_owned()),
        AttributeKind::Integer => (!(value.is_i64() || value.is_u64())).then(|| "a whole number".to_owned()),
        AttributeKind::Decimal => (!value.is_number()).then(|| "a number".to_owned()),
        AttributeKind::Boolean => (!value.is_boolean()).then(|| "true or false".to_owned()),
        AttributeKind::Enum => (!value.as_str().is_some_and(listed)).then(one_of),
        AttributeKind::List => match value.as_array() {
            Some(items) => {
                let fits = |item: &Value| {
                    item.as_str().is_some_and(|text| definition.values.is_empty() || listed(text))
                };
                (!items.iter().all(fits)).then(|| format!("a list of texts, each {}", one_of()))
            }
            None => Some("a list of texts".to_owned()),
        },
    }
}

/// Counts the bytes that are written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks the bounds that hold for every JSON object of a product; `at` is its path: `$.attributes`.
pub fn check_json_bounds(at: &(impl Display + ?Sized), map: &JsonMap) -> Vec<Issue> {
    let mut issues = Vec::new();
    if map.is_empty() {
        return issues;
    }
    let mut size = Counter(0);
    if serde_json::to_writer(&mut size, map).is_err() || size.0 > JSON_BYTES_MAX {
        issues.push(Issue::new(
            at.to_string(),
            "too_large",
            format!("at most {JSON_BYTES_MAX} bytes as JSON"),
        ));
    }
    if map.len() > ATTRIBUTES_MAX {
        issues.push(Issue::new(at.to_string(), "too_many_keys", format!("at most {ATTRIBUTES_MAX} keys")));
    }
    for (key, value) in map {
        let path = || format!("{at}.{key}");
        if key.is_empty() || key.len() > 255 || key.contains('\0') {
            issues.push(Issue::new(path(), "invalid_key", "a key has 1 to 255 bytes and no NUL"));
        }
        if depth(value) > ATTRIBUTE_DEPTH_MAX {
            issues.push(Issue::new(path(), "too_deep", format!("at most {ATTRIBUTE_DEPTH_MAX} levels")));
        }
        // PostgreSQL's jsonb cannot hold it, and no text needs it.
        if has_nul(value) {
            issues.push(Issue::new(path(), "invalid_character", "the character U+0000 cannot be stored"));
        }
    }
    issues
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(key: &str, kind: AttributeKind, values: &[&str], required: bool) -> AttributeDefinition {
        AttributeDefinition {
            key: key.to_owned(),
            label: key.to_owned(),
            kind,
            unit: None,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            required,
        }
    }

    fn findings(schema: &AttributeSchema, attributes: Value) -> Vec<String> {
        let Value::Object(map) = attributes else { panic!("an object") };
        schema.check(&map).into_iter().map(|issue| format!("{} {}", issue.path, issue.code)).collect()
    }

    #[test]
    fn attributes_are_checked_against_their_type_and_free_ones_are_left_alone() {
        let schema = AttributeSchema(vec![
            definition("material", AttributeKind::Enum, &["wool", "cotton"], true),
            definition("height_cm", AttributeKind::Integer, &[], false),
            definition("ratio", AttributeKind::Decimal, &[], false),
            definition("waterproof", AttributeKind::Boolean, &[], false),
            definition("care", AttributeKind::List, &["wash", "dry"], false),
        ]);
        assert!(
            findings(
                &schema,
                json!({"material": "wool", "height_cm": 3, "ratio": 1.5, "care": ["wash"], "own": [1]})
            )
            .is_empty()
        );
        assert_eq!(findings(&schema, json!({})), ["$.attributes.material attribute_required"]);
        let wrong = json!({"material": "steel", "height_cm": 1.5, "ratio": "x", "waterproof": "yes", "care": ["burn"]});
        assert_eq!(findings(&schema, wrong).len(), 5);
    }

    #[test]
    fn a_schema_with_a_repeated_key_or_an_enum_without_values_is_refused() {
        let schema = AttributeSchema(vec![
            definition("a", AttributeKind::Text, &[], false),
            definition("a", AttributeKind::Enum, &[], false),
            definition("Bad Key", AttributeKind::Text, &[], false),
        ]);
        let codes: Vec<_> = schema.validate().unwrap_err().into_iter().map(|issue| issue.code).collect();
        assert_eq!(codes, ["duplicate_key", "values_required", "invalid_key"]);
    }

    #[test]
    fn of_some_keys_a_schema_says_what_the_whole_one_says_of_them() {
        let schema = AttributeSchema(vec![
            definition("material", AttributeKind::Enum, &["wool"], true),
            definition("height", AttributeKind::Integer, &[], true),
        ]);
        let wrong = json!({"material": "steel"});
        assert_eq!(findings(&schema, wrong.clone()).len(), 2);
        let of = |key: &'static str| findings(&schema.of_keys(|touched| touched == key), wrong.clone());
        assert_eq!(of("material"), ["$.attributes.material attribute_invalid"]);
        assert_eq!(of("height"), ["$.attributes.height attribute_required"]);
        assert!(of("title").is_empty());
    }

    #[test]
    fn an_object_is_bounded_in_bytes_with_its_keys_and_signs() {
        // {"a":"xxx"} has eight bytes beside the text.
        let codes = |length: usize| {
            let Value::Object(map) = json!({"a": "x".repeat(length)}) else { panic!("an object") };
            let issues = check_json_bounds("$.metadata", &map);
            issues.into_iter().map(|issue| (issue.path, issue.code)).collect::<Vec<_>>()
        };
        assert!(codes(JSON_BYTES_MAX - 8).is_empty());
        assert_eq!(codes(JSON_BYTES_MAX - 7), [("$.metadata".to_owned(), "too_large")]);
    }

    #[test]
    fn depth_and_nul_are_bounded() {
        let deep = (0..9).fold(json!(1), |inner, _| json!([inner]));
        let Value::Object(map) = json!({"deep": deep, "nul": "a\u{0}b"}) else { panic!("an object") };
        let codes: Vec<_> =
            check_json_bounds("$.metadata", &map).into_iter().map(|issue| issue.code).collect();
        assert_eq!(codes, ["too_deep", "invalid_character"]);
    }
}
