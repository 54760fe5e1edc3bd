//! OpenSearch as somebody who knows it sets it up for a shop, without us: one index, the analyzer of the language, facets as
//! keywords, and one query that forgives errors.
//!
//! Nothing here is meant to lose. Of ten ways to ask that were tried over the data (fields with and without categories, `or`, `and`,
//! two shares of words that must be met, `tie_breaker`, `prefix_length`, a second clause for words met as they stand), this one found
//! the best products without forgiving fewer errors.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tradepost_port::BoxFuture;
use tradepost_port::search::SearchDocument;
use tradepost_search::opensearch::{OpenSearchError, Server};
use tradepost_search::quality::QualityError;

use super::side::{Question, Seen, Side};
use crate::LabError;

/// Products of one request for writes.
const BULK_PRODUCTS: usize = 2_000;

/// Fields that words are looked for in, with what a match counts.
const FIELDS: [&str; 5] = ["title^3", "brand^2", "category^2", "attributes", "description"];

/// An index that nobody but OpenSearch knows about.
pub struct Alone {
    server: Server,
    index: String,
}

#[derive(Deserialize)]
struct Answer {
    hits: Found,
    /// Read as a shop would have to, and not looked at.
    #[serde(default, rename = "aggregations")]
    _aggregations: Value,
}

#[derive(Deserialize)]
struct Found {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Deserialize)]
struct Written {
    errors: bool,
}

/// Settings and mapping of the index.
pub fn index_body() -> Value {
    let words = json!({"type": "text", "analyzer": "english"});
    let keyword = json!({"type": "keyword"});
    let both = json!({"type": "text", "analyzer": "english", "fields": {"raw": {"type": "keyword"}}});
    json!({
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"dynamic": "strict", "properties": {
            "title": words,
            "brand": both,
            "category": both,
            "attributes": words,
            "description": words,
            "colour": keyword,
            "size": keyword,
            "gender": keyword,
            "price": {"type": "scaled_float", "scaling_factor": 100},
            "in_stock": {"type": "boolean"},
            "popularity": {"type": "integer"},
        }},
    })
}

/// What is asked for words.
pub fn query_body(text: &str) -> Value {
    json!({"bool": {
        "must": {"multi_match": {
            "query": text, "type": "best_fields", "fields": FIELDS, "fuzziness": "AUTO", "operator": "or", "tie_breaker": 0.3,
        }},
        "should": {"multi_match": {
            "query": text, "type": "cross_fields", "fields": FIELDS, "operator": "and", "boost": 2,
        }},
    }})
}

/// Seven facets.
fn aggregations() -> Value {
    let terms = |field: &str| json!({"terms": {"field": field, "size": 20}});
    json!({
        "brand": terms("brand.raw"),
        "category": terms("category.raw"),
        "in_stock": terms("in_stock"),
        "colour": terms("colour"),
        "size": terms("size"),
        "gender": terms("gender"),
        "price": {"histogram": {"field": "price", "interval": 50, "min_doc_count": 1}},
    })
}

/// A product as it lies in the index.
fn entry(product: &SearchDocument) -> Value {
    let options = |name: &str| -> BTreeSet<String> {
        let all = product.variants.iter().flat_map(|variant| &variant.options);
        all.filter(|option| option.name.eq_ignore_ascii_case(name))
            .map(|option| option.value.clone())
            .collect()
    };
    let gender = product.attributes.get("Gender").and_then(Value::as_str);
    let (mut colour, size) = (options("colour"), options("size"));
    colour.extend(product.attributes.get("Colour").and_then(Value::as_str).map(str::to_owned));
    let attributes: Vec<&str> = colour.iter().chain(&size).map(String::as_str).chain(gender).collect();
    let prices: BTreeSet<i64> = product.variants.iter().map(|variant| variant.price).collect();
    json!({
        "title": product.title,
        "brand": product.brand.as_ref().map(|brand| &brand.name),
        "category": product.categories.iter().map(|category| &category.name).collect::<Vec<_>>(),
        "attributes": attributes,
        "description": product.description,
        "price": prices.into_iter().map(|price| price as f64 / 100.0).collect::<Vec<_>>(),
        "in_stock": product.variants.iter().any(|variant| variant.in_stock),
        "gender": gender,
        "colour": colour,
        "size": size,
        "popularity": product.popularity,
    })
}

/// The whole request of a question.
fn request(question: &Question) -> Value {
    let mut request = json!({"size": question.limit, "_source": false, "query": query_body(&question.text)});
    if let (true, Some(request)) = (question.with_facets, request.as_object_mut()) {
        request.insert("aggs".to_owned(), aggregations());
    }
    request
}

impl Alone {
    /// Makes the index anew and fills it; everything can be found afterwards.
    pub async fn fill(
        server: &Server,
        index: String,
        products: &[(String, SearchDocument)],
    ) -> Result<Self, LabError> {
        let made = Self { server: server.clone(), index };
        made.write_all(products).await.map_err(QualityError::from)?;
        Ok(made)
    }

    async fn write_all(&self, products: &[(String, SearchDocument)]) -> Result<(), OpenSearchError> {
        match self.server.bare(Method::DELETE, &self.index).await {
            Ok(_) | Err(OpenSearchError::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
        self.server.call(Method::PUT, &self.index, &index_body()).await?;
        for batch in products.chunks(BULK_PRODUCTS) {
            let mut lines = String::new();
            for (id, product) in batch {
                let _ = writeln!(lines, "{}\n{}", json!({"index": {"_id": id}}), entry(product));
            }
            let answer = self.server.bulk(&format!("{}/_bulk", self.index), lines.into_bytes()).await?;
            if serde_json::from_slice::<Written>(&answer)?.errors {
                let reason = String::from_utf8_lossy(&answer).chars().take(500).collect();
                return Err(OpenSearchError::Refused { status: 200, reason });
            }
        }
        self.server.bare(Method::POST, &format!("{}/_refresh", self.index)).await.map(drop)
    }

    async fn search(&self, question: &Question) -> Result<Vec<String>, OpenSearchError> {
        let path = format!("{}/_search", self.index);
        let answer = self.server.call(Method::POST, &path, &request(question)).await?;
        let answer: Answer = serde_json::from_slice(&answer)?;
        Ok(answer.hits.hits.into_iter().map(|hit| hit.id).collect())
    }
}

impl Side for Alone {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Vec<String>, LabError>> {
        Box::pin(async move { Ok(self.search(question).await.map_err(QualityError::from)?) })
    }

    fn change<'a>(
        &'a self,
        _sequence: i64,
        (id, product): &'a (String, SearchDocument),
        seen: Seen,
    ) -> BoxFuture<'a, Result<(), LabError>> {
        Box::pin(async move {
            let visible = if seen == Seen::AtOnce { "?refresh=true" } else { "" };
            let path = format!("{}/_doc/{id}{visible}", self.index);
            self.server.call(Method::PUT, &path, &entry(product)).await.map_err(QualityError::from)?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::material::Material;
    use super::super::material::tests::small;
    use super::*;

    #[test]
    fn a_product_lies_there_with_everything_that_it_is_found_and_counted_by() {
        let folder = small();
        let material = Material::read(folder.path(), 1).unwrap();
        let (_, product) = &material.retail.products[3];
        assert_eq!(
            entry(product),
            json!({
                "title": "Rugged backpack 3", "brand": "Lux", "category": ["accessories", "backpack"],
                "attributes": ["red", "M", "women"], "description": "Strong", "price": [3.5], "in_stock": true,
                "gender": "women", "colour": ["red"], "size": ["M"], "popularity": 0,
            })
        );
        let known = index_body();
        let entry = entry(product);
        let unknown: Vec<&String> = entry
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| known["mappings"]["properties"].get(key).is_none())
            .collect();
        assert!(unknown.is_empty(), "the mapping is strict: {unknown:?}");
    }

    #[test]
    fn facets_are_counted_only_where_they_are_asked_for() {
        let question = |with_facets| request(&Question { text: "red".to_owned(), limit: 10, with_facets });
        assert_eq!(question(true)["aggs"].as_object().unwrap().len(), 7);
        assert_eq!(question(false).get("aggs"), None);
    }
}
