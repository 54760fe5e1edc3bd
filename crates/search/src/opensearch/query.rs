//! The few clauses of OpenSearch's query language that are sent, as functions of their parts. What nothing can meet and what
//! everything meets are told as such: an empty `bool` means everything there, also where none of no clauses was asked for.

use serde::Serialize;
use serde_json::{Value, json};

/// The path of the variants within a product.
pub const VARIANTS: &str = "variants";

/// An object of one field.
pub fn object(name: &str, value: Value) -> Value {
    object_of([(name, value)])
}

/// An object of some fields; `json!` would copy what is moved here.
pub fn object_of<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Everything.
pub fn everything() -> Value {
    json!({"match_all": {}})
}

/// Nothing.
pub fn nothing() -> Value {
    json!({"match_none": {}})
}

/// The field holds one of these terms.
pub fn terms(field: &str, terms: &[String]) -> Value {
    if terms.is_empty() { nothing() } else { json!({"terms": {field: terms}}) }
}

/// The field holds this value.
pub fn term(field: &str, value: impl Into<Value>) -> Value {
    json!({"term": {field: {"value": value.into()}}})
}

/// All of them.
pub fn all(mut clauses: Vec<Value>) -> Value {
    match clauses.len() {
        0 => everything(),
        1 => clauses.remove(0),
        _ => object("bool", object("filter", Value::Array(clauses))),
    }
}

/// At least so many of them.
pub fn at_least(count: usize, clauses: Vec<Value>) -> Value {
    if count == 0 {
        return everything();
    }
    if clauses.len() < count {
        return nothing();
    }
    object("bool", object_of([("should", Value::Array(clauses)), ("minimum_should_match", count.into())]))
}

/// One of them.
pub fn any(clauses: Vec<Value>) -> Value {
    at_least(1, clauses)
}

/// Its opposite.
pub fn not(clause: Value) -> Value {
    object("bool", object("must_not", clause))
}

/// A variant meets it.
pub fn some_variant(clause: Value) -> Value {
    object("nested", object_of([("path", VARIANTS.into()), ("query", clause), ("score_mode", "none".into())]))
}

/// A `bool` of which some clauses score.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Bool {
    /// All must be met.
    pub filter: Vec<Value>,
    /// None must be met.
    pub must_not: Vec<Value>,
    /// Those that are met score; none need be.
    pub should: Vec<Value>,
}

impl From<Bool> for Value {
    fn from(clauses: Bool) -> Self {
        json!({"bool": clauses})
    }
}

/// What is asked of the server.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Search {
    /// Hits at most.
    pub size: usize,
    /// Whether all hits are to be counted.
    pub track_total_hits: bool,
    /// What hits meet, and what is counted by aggregations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Value>,
    /// What hits meet beside that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_filter: Option<Value>,
    /// Their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Value>,
    /// What the last hit before them was sorted by.
    #[serde(rename = "search_after", skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// What is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggs: Option<Value>,
    /// Columns that are told with each hit.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub docvalue_fields: &'static [&'static str],
    /// Whether the version of each hit is told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub version: bool,
    /// Whether what was stored is told.
    #[serde(rename = "_source")]
    pub source: bool,
}

/// A part of an answer, or nothing where it is not there.
pub fn at<'a>(answer: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().try_fold(answer, |part, name| part.get(name)).unwrap_or(&Value::Null)
}
