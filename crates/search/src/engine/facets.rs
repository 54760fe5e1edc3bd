//! Counts of facets, in the one pass that finds the hits ("drill sideways").
//!
//! A product counts for a facet when it meets everything but the choices of that facet itself. Facets without a choice share
//! one counter, since they count the hits; each with a choice has its own. What is about variants counts a value only where a
//! variant that has it meets the rest, so that a count is what choosing the value would find.

use std::cmp::Ordering;

use serde_json::Value;
use tradepost_port::search::{Facet, FacetCount, FacetKey, FacetRequest, FacetValue, Range};

use super::conditions::{Conditions, Verdict, within};
use super::histogram::Histogram;
use super::table::{Row, Table};
use super::values::{Entry, ValueId, index, name_of};

/// Counts of all facets that are left wide by the same choices.
struct Counter {
    /// Bits of the choices that do not narrow it.
    own: u64,
    /// Products by value.
    by_value: Vec<u64>,
    /// Products with an orderable variant, and products without.
    in_stock: (u64, u64),
    wants_options: bool,
}

/// Counts of one request that are not by value.
enum Measure {
    None,
    Ranges(Vec<u64>),
    Histogram(Histogram),
}

/// The counting of all requests of a plan.
pub struct Counting<'a> {
    requests: Vec<(&'a FacetRequest, FacetKey, usize, Measure)>,
    counters: Vec<Counter>,
    /// Values that variants of the product at hand have, and whether an orderable one has them.
    seen: Vec<(ValueId, bool)>,
}

impl<'a> Counting<'a> {
    /// Of the requests of a plan with these conditions.
    pub fn new(requests: &'a [FacetRequest], conditions: &Conditions, table: &Table) -> Self {
        let mut counters: Vec<Counter> = Vec::new();
        let requests = requests
            .iter()
            .map(|request| {
                let key = request.key();
                let own = conditions.bits_of(&key);
                let place = counters.iter().position(|counter| counter.own == own).unwrap_or_else(|| {
                    let by_value = vec![0; table.values.len()];
                    counters.push(Counter { own, by_value, in_stock: (0, 0), wants_options: false });
                    counters.len().saturating_sub(1)
                });
                if let (FacetKey::Option(_), Some(counter)) = (&key, counters.get_mut(place)) {
                    counter.wants_options = true;
                }
                let measure = match request {
                    FacetRequest::Values { .. } | FacetRequest::Categories { .. } => Measure::None,
                    FacetRequest::PriceRanges(ranges) | FacetRequest::RatingRanges(ranges) => {
                        Measure::Ranges(vec![0; ranges.len()])
                    }
                    FacetRequest::PriceHistogram { steps } => Measure::Histogram(Histogram::new(*steps)),
                };
                (request, key, place, measure)
            })
            .collect();
        Self { requests, counters, seen: Vec::new() }
    }

    /// Counts a product that meets all filters.
    pub fn count(&mut self, row: &Row, verdict: &Verdict, conditions: &Conditions) {
        for counter in &mut self.counters {
            if conditions.meets_but_for_stock(verdict, counter.own) {
                counter.count(row, verdict, conditions, &mut self.seen);
            }
        }
        for (request, _, place, measure) in &mut self.requests {
            let Some(own) = self.counters.get(*place).map(|counter| counter.own) else { continue };
            let about_variants = !matches!(request, FacetRequest::RatingRanges(_));
            let meets = if about_variants {
                conditions.meets_but_for_stock(verdict, own)
            } else {
                conditions.meets(verdict, own)
            };
            if matches!(measure, Measure::None) || !meets {
                continue;
            }
            let sold_out = conditions.wants_sold_out(own);
            let prices = || verdict.variants(own).filter_map(|place| row.variants.get(place));
            match (request, measure) {
                (FacetRequest::PriceRanges(ranges), Measure::Ranges(counts)) => {
                    for (range, count) in ranges.iter().zip(counts) {
                        let mut inside = prices().filter(|variant| within(range, variant.price)).peekable();
                        let some = inside.peek().is_some();
                        if some && !(sold_out && inside.any(|variant| variant.in_stock)) {
                            *count = count.saturating_add(1);
                        }
                    }
                }
                (FacetRequest::RatingRanges(ranges), Measure::Ranges(counts)) => {
                    for (_, count) in ranges.iter().zip(counts).filter(|(range, _)| within(range, row.rating))
                    {
                        *count = count.saturating_add(1);
                    }
                }
                (_, Measure::Histogram(histogram)) => {
                    histogram.add(prices().map(|variant| (variant.price, sold_out && variant.in_stock)));
                }
                _ => {}
            }
        }
    }

    /// The answers, in the order of the requests.
    pub fn finish(self, table: &Table) -> Vec<Facet> {
        let counters = self.counters;
        let answer = |(request, key, place, measure): (&FacetRequest, FacetKey, usize, Measure)| {
            let Some(counter) = counters.get(place) else {
                return Facet { key, counts: Vec::new(), more: 0 };
            };
            match (request, measure) {
                (
                    FacetRequest::PriceRanges(ranges) | FacetRequest::RatingRanges(ranges),
                    Measure::Ranges(counts),
                ) => Facet { key, counts: range_counts(ranges.iter().copied().zip(counts)), more: 0 },
                (_, Measure::Histogram(histogram)) => {
                    Facet { key, counts: range_counts(histogram.finish().into_iter()), more: 0 }
                }
                (FacetRequest::Values { limit, .. }, _) if key == FacetKey::InStock => {
                    best(key, counter.stock_counts(), *limit)
                }
                (FacetRequest::Values { limit, .. }, _) => counter.value_counts(key, table, *limit, |_| true),
                (FacetRequest::Categories { below, limit }, _) => {
                    counter.value_counts(key, table, *limit, |entry| entry.parent == *below)
                }
                _ => Facet { key, counts: Vec::new(), more: 0 },
            }
        };
        self.requests.into_iter().map(answer).collect()
    }
}

impl Counter {
    fn count(
        &mut self,
        row: &Row,
        verdict: &Verdict,
        conditions: &Conditions,
        seen: &mut Vec<(ValueId, bool)>,
    ) {
        if conditions.meets(verdict, self.own) {
            for value in &row.values {
                self.add(*value);
            }
            let mut variants = verdict.variants(self.own).filter_map(|place| row.variants.get(place));
            let (with, without) = &mut self.in_stock;
            let sum = if variants.any(|variant| variant.in_stock) { with } else { without };
            *sum = sum.saturating_add(1);
        }
        if !self.wants_options {
            return;
        }
        seen.clear();
        for variant in verdict.variants(self.own).filter_map(|place| row.variants.get(place)) {
            for value in &variant.options {
                match seen.iter_mut().find(|(other, _)| other == value) {
                    Some((_, in_stock)) => *in_stock |= variant.in_stock,
                    None => seen.push((*value, variant.in_stock)),
                }
            }
        }
        let sold_out = conditions.wants_sold_out(self.own);
        for (value, in_stock) in seen.iter() {
            if !(sold_out && *in_stock) {
                self.add(*value);
            }
        }
    }

    fn add(&mut self, value: ValueId) {
        if let Some(count) = self.by_value.get_mut(index(value)) {
            *count = count.saturating_add(1);
        }
    }

    fn stock_counts(&self) -> Vec<FacetCount> {
        let (with, without) = self.in_stock;
        let of = |value: bool, count: u64| FacetCount {
            value: FacetValue::Scalar(Value::Bool(value)),
            label: value.to_string(),
            count,
        };
        [of(true, with), of(false, without)].into_iter().filter(|value| value.count > 0).collect()
    }

    /// The most frequent values of a key that are wanted. Only those that are shown are copied.
    fn value_counts(
        &self,
        key: FacetKey,
        table: &Table,
        limit: usize,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Facet {
        let of_key = table.values.of(&key).filter(|(_, entry)| wanted(entry));
        let mut counts: Vec<(u64, &Entry)> = of_key
            .filter_map(|(id, entry)| {
                let count = self.by_value.get(index(id)).copied().filter(|count| *count > 0)?;
                Some((count, entry))
            })
            .collect();
        counts.sort_unstable_by(|(first_count, first), (second_count, second)| {
            rarer((*first_count, &first.label, &first.value), (*second_count, &second.label, &second.value))
        });
        let more = u64::try_from(counts.len().saturating_sub(limit)).unwrap_or(u64::MAX);
        let shown = counts.into_iter().take(limit);
        let copy = |(count, entry): (u64, &Entry)| FacetCount {
            value: entry.value.clone(),
            label: entry.label.clone(),
            count,
        };
        Facet { counts: shown.map(copy).collect(), key, more }
    }
}

fn range_counts(counts: impl Iterator<Item = (Range<i64>, u64)>) -> Vec<FacetCount> {
    counts
        .map(|(range, count)| FacetCount { value: FacetValue::Range(range), label: String::new(), count })
        .collect()
}

/// The most frequent values, in a stable order.
pub fn best(key: FacetKey, mut counts: Vec<FacetCount>, limit: usize) -> Facet {
    counts.sort_by(|first, second| {
        rarer((first.count, &first.label, &first.value), (second.count, &second.label, &second.value))
    });
    let more = counts.len().saturating_sub(limit);
    counts.truncate(limit);
    Facet { key, counts, more: u64::try_from(more).unwrap_or(u64::MAX) }
}

/// Which of two values with their counts and labels is shown later.
fn rarer(first: (u64, &str, &FacetValue), second: (u64, &str, &FacetValue)) -> Ordering {
    let by_value = || name_of(first.2).cmp(&name_of(second.2));
    second.0.cmp(&first.0).then_with(|| first.1.cmp(second.1)).then_with(by_value)
}
