//! Facets by asking: a value counts the products that would be found if it were the only choice of its facet.

use std::collections::BTreeMap;

use serde_json::Value;
use tradepost_port::search::plan::QueryPlan;
use tradepost_port::search::{
    AttributeTest, Condition, Facet, FacetCount, FacetKey, FacetRequest, FacetValue, Filter, Range,
    SearchDocument,
};

use super::{attribute, count_of, holds, meets, wants_sold_out};
use crate::engine::histogram_steps;

/// Counts a facet among products that hold the words.
pub fn count(request: &FacetRequest, plan: &QueryPlan, documents: &[&SearchDocument]) -> Facet {
    let key = request.key();
    let groups = plan.groups.iter().filter(|group| group.facet().as_ref() != Some(&key));
    let others: Vec<&Condition> = plan.filters.iter().chain(groups).collect();
    let of = |choice: &Condition| {
        let all: Vec<&Condition> = others.iter().copied().chain([choice]).collect();
        count_of(documents.iter().filter(|document| meets(document, &all)).count())
    };
    let ranges = |ranges: &[Range<i64>], condition: fn(Range<i64>) -> Filter| {
        let counts = ranges.iter().map(|range| FacetCount {
            value: FacetValue::Range(*range),
            label: String::new(),
            count: of(&Condition::Is(condition(*range))),
        });
        counts.collect::<Vec<_>>()
    };
    match request {
        FacetRequest::PriceRanges(wanted) => Facet { key, counts: ranges(wanted, Filter::Price), more: 0 },
        FacetRequest::RatingRanges(wanted) => Facet { key, counts: ranges(wanted, Filter::Rating), more: 0 },
        FacetRequest::PriceHistogram { steps } => {
            let wanted = price_steps(i64::from(*steps), &others, documents);
            Facet { key, counts: ranges(&wanted, Filter::Price), more: 0 }
        }
        FacetRequest::Values { limit, .. } => values(key, *limit, documents, of),
        FacetRequest::Categories { below, limit } => {
            let right_below = documents
                .iter()
                .flat_map(|document| &document.categories)
                .filter(|category| category.parent == *below)
                .map(|category| category.id)
                .collect::<Vec<_>>();
            let mut facet = values(key, usize::MAX, documents, of);
            facet
                .counts
                .retain(|count| matches!(count.value, FacetValue::Category(id) if right_below.contains(&id)));
            facet.more = count_of(facet.counts.len().saturating_sub(*limit));
            facet.counts.truncate(*limit);
            facet
        }
    }
}

fn values(
    key: FacetKey,
    limit: usize,
    documents: &[&SearchDocument],
    count: impl Fn(&Condition) -> u64,
) -> Facet {
    let mut known: BTreeMap<String, (FacetValue, String, Condition)> = BTreeMap::new();
    for (name, value) in documents.iter().flat_map(|document| all_values(document, &key)) {
        known.insert(name, value);
    }
    let mut counts: Vec<(String, FacetCount)> = known
        .into_iter()
        .map(|(name, (value, label, choice))| (name, FacetCount { value, label, count: count(&choice) }))
        .filter(|(_, value)| value.count > 0)
        .collect();
    counts.sort_by(|(first_name, first), (second_name, second)| {
        (second.count, &first.label, first_name).cmp(&(first.count, &second.label, second_name))
    });
    let more = count_of(counts.len().saturating_sub(limit));
    Facet { key, counts: counts.into_iter().map(|(_, count)| count).take(limit).collect(), more }
}

/// Names of the values that a product has of a key.
pub fn names(document: &SearchDocument, key: &FacetKey) -> Vec<String> {
    if *key == FacetKey::InStock {
        return Vec::new();
    }
    all_values(document, key).into_iter().map(|(name, _)| name).collect()
}

/// The values that a product has of a key: their names, what they are, what they are called, and how they are chosen.
fn all_values(document: &SearchDocument, key: &FacetKey) -> Vec<(String, (FacetValue, String, Condition))> {
    let text = |value: &str, label: &str, filter: Filter| {
        let value = Value::String(value.to_owned());
        (
            format!("\"{}", value.as_str().unwrap_or_default()),
            (FacetValue::Scalar(value), label.to_owned(), Condition::Is(filter)),
        )
    };
    let one = |handle: &String| vec![handle.clone()];
    match key {
        FacetKey::Brand => document
            .brand
            .iter()
            .map(|it| text(&it.handle, &it.name, Filter::Brand(one(&it.handle))))
            .collect(),
        FacetKey::ProductType => document
            .product_type
            .iter()
            .map(|it| text(&it.handle, &it.name, Filter::ProductType(one(&it.handle))))
            .collect(),
        FacetKey::Tag => document.tags.iter().map(|tag| text(tag, tag, Filter::Tag(one(tag)))).collect(),
        FacetKey::Category => document
            .categories
            .iter()
            .map(|it| {
                let choice = Condition::Category(vec![it.id]);
                (it.id.to_string(), (FacetValue::Category(it.id), it.name.clone(), choice))
            })
            .collect(),
        FacetKey::Collection => document
            .collections
            .iter()
            .map(|id| {
                let choice = Condition::Collection(vec![*id]);
                (id.to_string(), (FacetValue::Collection(*id), String::new(), choice))
            })
            .collect(),
        FacetKey::Option(name) => document
            .variants
            .iter()
            .flat_map(|variant| &variant.options)
            .filter(|option| option.name.to_lowercase() == *name)
            .map(|option| {
                let value = option.value.to_lowercase();
                let filter = Filter::Option { name: name.clone(), values: one(&value) };
                text(&value, &option.value, filter)
            })
            .collect(),
        FacetKey::Attribute(path) => {
            attribute(document, path).into_iter().map(|value| scalar(path, value)).collect()
        }
        FacetKey::InStock => [true, false]
            .map(|wanted| {
                let choice = Condition::Is(Filter::InStock(wanted));
                (wanted.to_string(), (FacetValue::Scalar(Value::Bool(wanted)), wanted.to_string(), choice))
            })
            .into(),
        FacetKey::Price | FacetKey::Rating => Vec::new(),
    }
}

fn scalar(path: &[String], value: &Value) -> (String, (FacetValue, String, Condition)) {
    let label = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let name = if value.is_string() { format!("\"{label}") } else { label.clone() };
    let test = AttributeTest::AnyOf(vec![value.clone()]);
    let choice = Condition::Is(Filter::Attribute { path: path.to_vec(), test });
    (name, (FacetValue::Scalar(value.clone()), label, choice))
}

/// The steps of a histogram over the prices of all variants that meet the rest, sold out or not.
fn price_steps(steps: i64, others: &[&Condition], documents: &[&SearchDocument]) -> Vec<Range<i64>> {
    let others: Vec<&Condition> =
        others.iter().copied().filter(|condition| !wants_sold_out(condition)).collect();
    let tests: Vec<&&Condition> = others.iter().filter(|condition| condition.is_about_variants()).collect();
    let found = documents.iter().filter(|document| meets(document, &others));
    let prices: Vec<i64> = found
        .flat_map(|document| {
            let variants = document.variants.iter();
            variants.filter(|variant| tests.iter().all(|test| holds(test, document, Some(variant))))
        })
        .map(|variant| variant.price)
        .collect();
    let (Some(lowest), Some(highest)) = (prices.iter().min(), prices.iter().max()) else { return Vec::new() };
    let (count, width) = histogram_steps(*lowest, *highest, steps.max(1));
    (0..count)
        .map(|step| {
            let start = lowest.saturating_add(step.saturating_mul(width));
            Range { gte: Some(start), lt: Some(start.saturating_add(width)), ..Range::default() }
        })
        .collect()
}
