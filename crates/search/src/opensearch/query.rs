//! The few clauses of OpenSearch's query language that are sent, as functions of their parts. What nothing can meet and what
//! everything meets are told as such: an empty `bool` means everything there, also where none of no clauses was asked for.

use serde_json::{Value, json};

/// The path of the variants within a product.
pub const VARIANTS: &str = "variants";

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
        _ => json!({"bool": {"filter": clauses}}),
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
    json!({"bool": {"should": clauses, "minimum_should_match": count}})
}

/// One of them.
pub fn any(clauses: Vec<Value>) -> Value {
    at_least(1, clauses)
}

/// Its opposite.
pub fn not(clause: Value) -> Value {
    json!({"bool": {"must_not": [clause]}})
}

/// A variant meets it.
pub fn some_variant(clause: Value) -> Value {
    json!({"nested": {"path": VARIANTS, "query": clause, "score_mode": "none"}})
}
