//! How an index is laid out, and what it is called.

use serde_json::{Value, json};

/// Number of the layout: another one gets another index, and the old one is left behind.
const LAYOUT: u32 = 1;

/// The document that tells how far the index has come.
pub const STATE: &str = "state";

/// The name that an index is searched by, whatever is behind it.
pub fn alias(prefix: &str, name: &str) -> String {
    format!("{prefix}-{name}-layout{LAYOUT}")
}

/// The name of the index of a number behind an alias.
pub fn index(alias: &str, number: u64) -> String {
    format!("{alias}-{number}")
}

/// The number of an index behind an alias.
pub fn number(alias: &str, index: &str) -> Option<u64> {
    index.strip_prefix(alias)?.strip_prefix('-')?.parse().ok()
}

/// Whether it may be a part of a name, as OpenSearch has it.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// BM25 as the embedded engine has it (k1 1.2, b .75), but for how rare a word is: that comes as the boost of its clause, one
/// for all fields and forms of a word.
const SIMILARITY: &str = "double length = (double) field.sumTotalTermFreq / field.docCount; \
    double norm = 1.2 * (0.25 + 0.75 * doc.length / length); \
    return query.boost * 2.2 * doc.freq / (doc.freq + norm);";

/// Settings and mapping of an index.
pub fn body(replicas: &str, refresh_ms: u64) -> Value {
    let words = json!({
        "type": "text", "analyzer": "as_it_stands", "similarity": "told_rarity", "index_options": "freqs", "norms": true,
    });
    let named = |name: &str| {
        let mut field = words.clone();
        if let Some(field) = field.as_object_mut() {
            field.insert("copy_to".to_owned(), json!(super::words::NAMES));
        }
        (name.to_owned(), field)
    };
    let mut fields: serde_json::Map<String, Value> =
        ["core", "title", "tail", "brand", "type", "attributes", "compound"].into_iter().map(named).collect();
    fields.insert("description".to_owned(), words);
    let keyword = json!({"type": "keyword", "ignore_above": 8_000});
    let number = json!({"type": "long"});
    let found_by = json!({"type": "keyword", "ignore_above": 8_000, "doc_values": false});
    json!({
        "settings": {
            "index": {
                // One shard sees all: counts are exact, and what is visible is one moment.
                "number_of_shards": 1,
                "auto_expand_replicas": replicas,
                "refresh_interval": format!("{refresh_ms}ms"),
                "max_result_window": super::WINDOW_MAX,
                // Facets name the keys that they count by a pattern.
                "max_regex_length": 200_000,
                "similarity": {"told_rarity": {"type": "scripted", "script": {"source": SIMILARITY}}},
            },
            "analysis": {"analyzer": {"as_it_stands": {"type": "custom", "tokenizer": "keyword"}}},
        },
        "mappings": {
            "dynamic": false,
            "properties": {
                "shelved": {"type": "boolean"},
                "sequence": number,
                "version": number,
                "product": keyword,
                "words": {"properties": fields},
                super::words::NAMES: {
                    "type": "text", "analyzer": "as_it_stands", "index_options": "docs", "norms": false,
                },
                "values": keyword,
                "facets": keyword,
                "numbers": found_by,
                "variants": {"type": "nested", "dynamic": false, "properties": {
                    "product": found_by,
                    "values": found_by,
                    "facets": keyword,
                    "numbers": found_by,
                    "rating": number,
                    "price": number,
                    "in_stock": {"type": "boolean"},
                }},
                "title_sort": keyword,
                "price_min": number,
                "popularity": number,
                "sold": number,
                "rating": number,
                "published_at_us": number,
                "document": {"type": "object", "enabled": false},
            },
        },
    })
}
