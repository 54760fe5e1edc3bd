//! Counts of facets, in the one pass that finds the hits ("drill sideways").
//!
//! A product counts for a facet when it meets everything but the choices of that facet itself. Facets without a choice share
//! one counter, since they count the hits; each with a choice has its own. What is about variants counts a value only where a
//! variant that has it meets the rest, so that a count is what choosing the value would find.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;
use tradepost_port::search::{Facet, FacetCount, FacetKey, FacetRequest, FacetValue, Range};

use super::conditions::{Conditions, Verdict, within};
use super::histogram::{Histogram, SortedPrices};
use super::table::{Product, Table};
use super::tally::Tally;
use super::values::{Entry, ValueId, name_of};

/// Counts of all facets that are left wide by the same choices.
struct Counter {
    /// Bits of the choices that do not narrow it.
    own: u64,
    /// Products by value: those of the product, and those of options.
    values: Tally,
    options: Tally,
    /// Products with an orderable variant, and products without.
    in_stock: (u64, u64),
}

/// Counts of one request that are not by value.
enum Measure {
    None,
    Ranges(Vec<u64>),
    Histogram(Histogram),
}

/// Counts of some hits by the requests of a plan without choices, to be added to those of others.
#[derive(Debug)]
pub struct Sums {
    values: Box<[(u32, u32)]>,
    options: Box<[(u32, u32)]>,
    in_stock: (u64, u64),
    /// One for each request.
    measures: Box<[MeasureSum]>,
}

/// What a [`Measure`] has of some hits.
#[derive(Debug)]
enum MeasureSum {
    None,
    Ranges(Box<[u64]>),
    Prices(Arc<SortedPrices>),
}

impl Sums {
    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        let measure = |sum: &MeasureSum| match sum {
            MeasureSum::None => 0,
            MeasureSum::Ranges(counts) => size_of_val(&**counts),
            MeasureSum::Prices(prices) => prices.bytes(),
        };
        let measures = size_of_val(&*self.measures) + self.measures.iter().map(measure).sum::<usize>();
        size_of_val(&*self.values) + size_of_val(&*self.options) + measures
    }
}

/// Whether a hit is counted, or no longer: it was counted once too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// One more.
    More,
    /// One less.
    Less,
}

impl Tell {
    fn to(self, count: &mut u64) {
        *count = match self {
            Self::More => count.saturating_add(1),
            Self::Less => count.saturating_sub(1),
        };
    }
}

/// The counting of all requests of a plan.
pub struct Counting<'a> {
    requests: Vec<(&'a FacetRequest, FacetKey, usize, Measure)>,
    counters: Vec<Counter>,
    /// Values that variants of the product at hand have, and whether an orderable one has them.
    seen: Vec<(ValueId, bool)>,
    /// Whether hits are counted when all of them are known.
    is_later: bool,
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
                    let (values, options) = (Tally::default(), Tally::default());
                    counters.push(Counter { own, values, options, in_stock: (0, 0) });
                    counters.len().saturating_sub(1)
                });
                if let (Some(id), Some(counter)) = (table.values.key(&key), counters.get_mut(place)) {
                    let is_option = matches!(key, FacetKey::Option(_));
                    let tally = if is_option { &mut counter.options } else { &mut counter.values };
                    tally.want(id, &table.values);
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
        Self { requests, counters, seen: Vec::new(), is_later: conditions.counts_hits() }
    }

    /// Whether nothing is counted while products are looked at: where conditions leave no more to facets than hits, these are counted
    /// when all are known.
    pub fn is_later(&self) -> bool {
        self.is_later || self.requests.is_empty()
    }

    /// Counts hits of which every variant counts.
    pub fn count_hits<'t>(&mut self, hits: impl Iterator<Item = Product<'t>>, tell: Tell, table: &Table) {
        let measures =
            self.requests.iter_mut().filter(|(_, _, _, measure)| !matches!(measure, Measure::None));
        let mut measures: Vec<_> = measures.map(|(request, _, _, measure)| (*request, measure)).collect();
        // What is known of a product lies in several places: all of it is looked at while it is at hand.
        for product in hits {
            self.counters.iter_mut().for_each(|counter| counter.count_hit(&product, tell, table));
            for (request, measure) in &mut measures {
                measure.count_hit(request, &product, tell);
            }
        }
    }

    /// What was counted, to be added to the counts of others by the same requests; there are choices in none of these.
    pub fn into_sums(self) -> Sums {
        let measure = |measure| match measure {
            Measure::None => MeasureSum::None,
            Measure::Ranges(counts) => MeasureSum::Ranges(counts.into()),
            Measure::Histogram(histogram) => MeasureSum::Prices(Arc::new(histogram.into_sorted())),
        };
        let counter = self.counters.first();
        let sums = |tally: Option<&Tally>| tally.map(Tally::counted).unwrap_or_default();
        Sums {
            values: sums(counter.map(|counter| &counter.values)),
            options: sums(counter.map(|counter| &counter.options)),
            in_stock: counter.map(|counter| counter.in_stock).unwrap_or_default(),
            measures: self.requests.into_iter().map(|(_, _, _, each)| measure(each)).collect(),
        }
    }

    /// Adds what was counted of other hits.
    pub fn add(&mut self, sums: &Sums) {
        if let Some(counter) = self.counters.first_mut() {
            counter.values.add_counted(&sums.values);
            counter.options.add_counted(&sums.options);
            counter.in_stock.0 = counter.in_stock.0.saturating_add(sums.in_stock.0);
            counter.in_stock.1 = counter.in_stock.1.saturating_add(sums.in_stock.1);
        }
        for ((_, _, _, measure), sum) in self.requests.iter_mut().zip(&sums.measures) {
            match (measure, sum) {
                (Measure::Ranges(counts), MeasureSum::Ranges(more)) => {
                    counts
                        .iter_mut()
                        .zip(more)
                        .for_each(|(count, more)| *count = count.saturating_add(*more));
                }
                (Measure::Histogram(histogram), MeasureSum::Prices(prices)) => histogram.add_sorted(prices),
                _ => {}
            }
        }
    }

    /// Counts a product that meets all filters.
    pub fn count(
        &mut self,
        product: &Product<'_>,
        verdict: &Verdict,
        conditions: &Conditions,
        table: &Table,
    ) {
        for counter in &mut self.counters {
            if conditions.meets_but_for_stock(verdict, counter.own) {
                counter.count((product, verdict), conditions, table, &mut self.seen);
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
            let prices = || verdict.variants(own).filter_map(|place| product.variants.get(place));
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
                    count_rating(ranges, counts, product, Tell::More);
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

fn count_rating(ranges: &[Range<i64>], counts: &mut [u64], product: &Product<'_>, tell: Tell) {
    let counts = ranges.iter().zip(counts).filter(|(range, _)| within(range, product.row.rating));
    counts.for_each(|(_, count)| tell.to(count));
}

impl Measure {
    /// Counts a hit of which every variant counts.
    fn count_hit(&mut self, request: &FacetRequest, product: &Product<'_>, tell: Tell) {
        let row = product.row;
        let prices = || {
            // As a rule all variants cost the same.
            let different = if row.price_min == row.price_max { 1 } else { usize::MAX };
            product.variants.iter().take(different).map(|variant| variant.price)
        };
        match (request, self) {
            (FacetRequest::PriceRanges(ranges), Self::Ranges(counts)) => {
                let some = |range: &Range<i64>| prices().any(|price| within(range, price));
                let counts = ranges.iter().zip(counts).filter(|(range, _)| some(range));
                counts.for_each(|(_, count)| tell.to(count));
            }
            (FacetRequest::RatingRanges(ranges), Self::Ranges(counts)) => {
                count_rating(ranges, counts, product, tell);
            }
            (_, Self::Histogram(histogram)) if tell == Tell::Less => histogram.take(prices()),
            (_, Self::Histogram(histogram)) => histogram.add(prices().map(|price| (price, false))),
            _ => {}
        }
    }
}

impl Counter {
    /// Counts a hit of which every variant counts.
    fn count_hit(&mut self, product: &Product<'_>, tell: Tell, table: &Table) {
        let change = match tell {
            Tell::More => Tally::add,
            Tell::Less => Tally::take,
        };
        if !self.values.is_empty() {
            product.values.iter().for_each(|value| change(&mut self.values, *value, &table.values));
        }
        if !self.options.is_empty() {
            product.options().iter().for_each(|value| change(&mut self.options, *value, &table.values));
        }
        self.tell_stock(product.row.in_stock, tell);
    }

    fn tell_stock(&mut self, in_stock: bool, tell: Tell) {
        let (with, without) = &mut self.in_stock;
        tell.to(if in_stock { with } else { without });
    }

    fn count(
        &mut self,
        (product, verdict): (&Product<'_>, &Verdict),
        conditions: &Conditions,
        table: &Table,
        seen: &mut Vec<(ValueId, bool)>,
    ) {
        let variants = || verdict.variants(self.own).filter_map(|place| product.variants.get(place));
        let in_stock = variants().any(|variant| variant.in_stock);
        seen.clear();
        if !self.options.is_empty() {
            for variant in variants() {
                for value in product.options_of(variant) {
                    match seen.iter_mut().find(|(other, _)| other == value) {
                        Some((_, in_stock)) => *in_stock |= variant.in_stock,
                        None => seen.push((*value, variant.in_stock)),
                    }
                }
            }
        }
        if conditions.meets(verdict, self.own) {
            if !self.values.is_empty() {
                product.values.iter().for_each(|value| self.values.add(*value, &table.values));
            }
            self.tell_stock(in_stock, Tell::More);
        }
        let sold_out = conditions.wants_sold_out(self.own);
        for (value, in_stock) in seen.iter() {
            if !(sold_out && *in_stock) {
                self.options.add(*value, &table.values);
            }
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
        let tally = if matches!(key, FacetKey::Option(_)) { &self.options } else { &self.values };
        let Some(id) = table.values.key(&key) else { return Facet { key, counts: Vec::new(), more: 0 } };
        let counts = tally.most_frequent(id, &table.values).into_iter();
        let mut counts = counts
            .filter_map(|(id, count)| Some((table.values.get(id).filter(|entry| wanted(entry))?, count)));
        let copy = |(entry, count): (&Entry, u32)| FacetCount {
            value: entry.value.clone(),
            label: entry.label.clone(),
            count: u64::from(count),
        };
        let shown = counts.by_ref().take(limit).map(copy).collect();
        let more = u64::try_from(counts.count()).unwrap_or(u64::MAX);
        Facet { counts: shown, key, more }
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
