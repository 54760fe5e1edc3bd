//! Counts of facets, in the request that finds the hits.
//!
//! A facet counts what meets everything but the choices of that facet itself. Facets that are left wide by the same choices share one
//! aggregation behind one filter; values of variants are counted among the variants that meet the rest, and the products of those are
//! what is told. Ranges ask how many products each of them would find.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value, json};
use tradepost_port::search::plan::QueryPlan;
use tradepost_port::search::{
    Condition, Facet, FacetCount, FacetKey, FacetRequest, FacetValue, Filter, Range,
};

use super::conditions::{Asked, meets};
use super::entry::{BREAK, counted, key_text};
use super::query::{VARIANTS, at, term};
use crate::engine::{best, histogram_steps, name_of};

/// Values that are counted at once; a facet with more of them does not know how many more.
const VALUES_MAX: usize = 50_000;

/// The requests of a plan, by what they are left wide by.
pub struct Counting<'a> {
    plan: &'a QueryPlan,
    /// Conditions that narrow facets, and the facets that each of them narrows.
    wides: Vec<Wide<'a>>,
    /// The place of each request among them.
    places: Vec<usize>,
    counts: BTreeMap<(usize, String), BTreeMap<String, Known>>,
    ranges: BTreeMap<usize, Vec<u64>>,
    /// Lowest and highest price by place.
    prices: BTreeMap<usize, (i64, i64)>,
}

struct Wide<'a> {
    others: Vec<&'a Condition>,
    asked: Asked,
    values: Vec<String>,
    options: Vec<String>,
    prices: bool,
}

struct Known {
    shown: FacetCount,
    parent: Option<tradepost_domain::kernel::ids::CategoryId>,
    /// Products of the label that is shown.
    most: u64,
}

impl<'a> Counting<'a> {
    /// Of a plan.
    pub fn new(plan: &'a QueryPlan) -> Self {
        let mut wides: Vec<Wide<'a>> = Vec::new();
        let mut places = Vec::new();
        for request in &plan.facets {
            let key = request.key();
            let groups = plan.groups.iter().filter(|group| group.facet().as_ref() != Some(&key));
            let others: Vec<&Condition> = plan.filters.iter().chain(groups).collect();
            let place = wides.iter().position(|wide| wide.others == others).unwrap_or_else(|| {
                let asked = Asked::of(others.iter().copied());
                let (values, options) = (Vec::new(), Vec::new());
                wides.push(Wide { others, asked, values, options, prices: false });
                wides.len().saturating_sub(1)
            });
            places.push(place);
            let Some(wide) = wides.get_mut(place) else { continue };
            match (request, &key) {
                (FacetRequest::PriceHistogram { .. }, _) => wide.prices = true,
                (_, FacetKey::Price | FacetKey::Rating | FacetKey::InStock) => {}
                (_, FacetKey::Option(_)) => wide.options.push(key_text(&key)),
                _ => wide.values.push(key_text(&key)),
            }
        }
        let (counts, ranges, prices) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { plan, wides, places, counts, ranges, prices }
    }

    /// What the server is to count beside the hits.
    pub fn aggregations(&self) -> Value {
        let mut asked = Map::new();
        for (place, wide) in self.wides.iter().enumerate() {
            if !wide.values.is_empty() {
                let counted = json!({"values": {"terms": by_value("facets", &wide.values)}});
                let filter = wide.asked.all();
                asked.insert(format!("values{place}"), json!({"filter": filter, "aggs": counted}));
            }
            if !wide.options.is_empty() || wide.prices {
                asked.insert(format!("variants{place}"), wide.of_variants());
            }
        }
        for (number, (request, place)) in self.plan.facets.iter().zip(&self.places).enumerate() {
            let wanted: Vec<Filter> = match request {
                FacetRequest::PriceRanges(ranges) => ranges.iter().copied().map(Filter::Price).collect(),
                FacetRequest::RatingRanges(ranges) => ranges.iter().copied().map(Filter::Rating).collect(),
                FacetRequest::Values { key: FacetKey::InStock, .. } => {
                    [true, false].map(Filter::InStock).into()
                }
                _ => continue,
            };
            if let Some(wide) = self.wides.get(*place).filter(|_| !wanted.is_empty()) {
                asked.insert(format!("ranges{number}"), wide.of_each(wanted));
            }
        }
        Value::Object(asked)
    }

    /// Takes the counts of one request; those of several requests that share no product add up.
    pub fn take(&mut self, answer: &Value) {
        for (place, wide) in self.wides.iter().enumerate() {
            let found = at(answer, &[&format!("values{place}"), "values"]);
            let variants = at(answer, &[&format!("variants{place}"), "variants", "meeting"]);
            let values = buckets(found).map(|bucket| (bucket, number(at(bucket, &["doc_count"]))));
            let options = buckets(at(variants, &["values"])).map(|bucket| (bucket, products(bucket)));
            for (bucket, count) in values.chain(options) {
                let term = at(bucket, &["key"]).as_str().unwrap_or_default();
                let Some((key, shown, parent)) = counted(term, count) else { continue };
                let known = self.counts.entry((place, key.to_owned())).or_default();
                match known.entry(name_of(&shown.value)) {
                    Entry::Occupied(mut other) => other.get_mut().add(shown),
                    Entry::Vacant(free) => {
                        free.insert(Known { most: shown.count, shown, parent });
                    }
                }
            }
            let bound = |name: &str| wide.prices.then(|| price(at(variants, &[name, "value"]))).flatten();
            if let (Some(lowest), Some(highest)) = (bound("lowest"), bound("highest")) {
                let known = self.prices.entry(place).or_insert((lowest, highest));
                *known = (known.0.min(lowest), known.1.max(highest));
            }
        }
        for number in 0..self.plan.facets.len() {
            self.take_ranges(number, at(answer, &[&format!("ranges{number}")]));
        }
    }

    fn take_ranges(&mut self, request: usize, answer: &Value) {
        let found: Vec<u64> = buckets(answer).map(|bucket| number(at(bucket, &["doc_count"]))).collect();
        let known = self.ranges.entry(request).or_insert_with(|| vec![0; found.len()]);
        known.iter_mut().zip(found).for_each(|(known, count)| *known = known.saturating_add(count));
    }

    /// Steps of histograms of prices, which are known when all prices are; nothing where there are none.
    pub fn histograms(&self) -> Option<Value> {
        let mut asked = Map::new();
        for (number, place) in self.places.iter().enumerate() {
            let steps = self.steps(number);
            if let (false, Some(wide)) = (steps.is_empty(), self.wides.get(*place)) {
                asked.insert(
                    format!("ranges{number}"),
                    wide.of_each(steps.into_iter().map(Filter::Price).collect()),
                );
            }
        }
        (!asked.is_empty()).then_some(Value::Object(asked))
    }

    /// Takes the counts of those steps.
    pub fn take_histograms(&mut self, answer: &Value) {
        for number in 0..self.plan.facets.len() {
            if !self.steps(number).is_empty() {
                self.ranges.remove(&number);
                self.take_ranges(number, at(answer, &[&format!("ranges{number}")]));
            }
        }
    }

    fn steps(&self, request: usize) -> Vec<Range<i64>> {
        let Some(FacetRequest::PriceHistogram { steps }) = self.plan.facets.get(request) else {
            return Vec::new();
        };
        let Some((lowest, highest)) = self.places.get(request).and_then(|place| self.prices.get(place))
        else {
            return Vec::new();
        };
        let (count, width) = histogram_steps(*lowest, *highest, i64::from(*steps).max(1));
        let starts = (0..count).map(|step| lowest.saturating_add(step.saturating_mul(width)));
        starts
            .map(|start| Range {
                gte: Some(start),
                lt: Some(start.saturating_add(width)),
                ..Range::default()
            })
            .collect()
    }

    /// The answers, in the order of the requests.
    pub fn finish(mut self) -> Vec<Facet> {
        let requests = self.plan.facets.iter().enumerate();
        requests.map(|(number, request)| self.answer(number, request)).collect()
    }

    fn answer(&mut self, number: usize, request: &FacetRequest) -> Facet {
        let key = request.key();
        let of_ranges = |ranges: Vec<Range<i64>>, counts: Vec<u64>| {
            let count =
                |(range, count)| FacetCount { value: FacetValue::Range(range), label: String::new(), count };
            let counts = counts.into_iter().chain(std::iter::repeat(0));
            Facet { key: request.key(), counts: ranges.into_iter().zip(counts).map(count).collect(), more: 0 }
        };
        let counts = self.ranges.remove(&number).unwrap_or_default();
        let (limit, below) = match request {
            FacetRequest::PriceRanges(ranges) | FacetRequest::RatingRanges(ranges) => {
                return of_ranges(ranges.clone(), counts);
            }
            FacetRequest::PriceHistogram { .. } => return of_ranges(self.steps(number), counts),
            FacetRequest::Values { limit, key: FacetKey::InStock } => {
                let values = [true, false].into_iter().zip(counts).map(|(value, count)| FacetCount {
                    value: FacetValue::Scalar(Value::Bool(value)),
                    label: value.to_string(),
                    count,
                });
                return best(key, values.filter(|value| value.count > 0).collect(), *limit);
            }
            FacetRequest::Values { limit, .. } => (*limit, None),
            FacetRequest::Categories { below, limit } => (*limit, Some(*below)),
        };
        let place = self.places.get(number).copied().unwrap_or_default();
        let known = self.counts.get(&(place, key_text(&key))).into_iter().flat_map(BTreeMap::values);
        let wanted = known.filter(|known| below.is_none_or(|below| known.parent == below));
        best(key, wanted.map(|known| known.shown.clone()).filter(|shown| shown.count > 0).collect(), limit)
    }
}

impl Known {
    /// More products of the value; it is called what most of them call it.
    fn add(&mut self, other: FacetCount) {
        self.shown.count = self.shown.count.saturating_add(other.count);
        if other.count > self.most {
            self.most = other.count;
            self.shown.label = other.label;
        }
    }
}

impl Wide<'_> {
    /// Values and prices of the variants that meet the rest.
    fn of_variants(&self) -> Value {
        let mut counted = Map::new();
        if !self.options.is_empty() {
            let products = json!({"products": {"reverse_nested": {}}});
            let each = if self.asked.wants_sold_out() {
                let orderable = json!({"filter": term("variants.in_stock", true), "aggs": products});
                json!({"products": {"reverse_nested": {}}, "orderable": orderable})
            } else {
                products
            };
            let terms = by_value("variants.facets", &self.options);
            counted.insert("values".to_owned(), json!({"terms": terms, "aggs": each}));
        }
        if self.prices {
            for (name, kind) in [("lowest", "min"), ("highest", "max")] {
                counted.insert(name.to_owned(), json!({kind: {"field": "variants.price"}}));
            }
        }
        let meeting = json!({"meeting": {"filter": self.asked.variant(), "aggs": counted}});
        let variants = json!({"variants": {"nested": {"path": VARIANTS}, "aggs": meeting}});
        json!({"filter": self.asked.but_for_stock(), "aggs": variants})
    }

    /// How many products each choice would find.
    fn of_each(&self, choices: Vec<Filter>) -> Value {
        let filters = choices.into_iter().map(|choice| {
            let choice = Condition::Is(choice);
            meets(self.others.iter().copied().chain([&choice]))
        });
        json!({"filters": {"filters": filters.collect::<Vec<_>>()}})
    }
}

/// All values of some keys.
fn by_value(field: &str, keys: &[String]) -> Value {
    // Not `(a|b).*`: what ends like that OpenSearch 2.19 takes for prefixes, and fails when one of them is behind the last term.
    let keys: Vec<String> =
        keys.iter().map(|key| format!("{}.*", literally(&format!("{key}{BREAK}")))).collect();
    json!({"field": field, "size": VALUES_MAX, "include": format!("({})", keys.join("|"))})
}

/// A text as a pattern of itself.
fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != BREAK {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// Products of which variants have a value; where they are to be sold out, those that none with the value can be ordered of.
fn products(bucket: &Value) -> u64 {
    let orderable = number(at(bucket, &["orderable", "products", "doc_count"]));
    number(at(bucket, &["products", "doc_count"])).saturating_sub(orderable)
}

fn buckets(aggregation: &Value) -> impl Iterator<Item = &Value> {
    at(aggregation, &["buckets"]).as_array().into_iter().flatten()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// A price that came as a fraction; nothing where there was no price.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "prices are whole numbers far below 2^53"
)]
fn price(value: &Value) -> Option<i64> {
    value.as_f64().map(|price| price as i64)
}
