//! What was measured, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tradepost_port::search::{CatalogSearch, SearchError};

use super::gain::share;
use super::{Bench, Gain, JUDGED_HITS, KindScore, KnownItem, QualityError, Understood, question};

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// The engine that was asked.
    pub engine: &'static str,
    /// Judged queries.
    pub gain: Gain,
    /// Queries with errors over the catalogue of electronics.
    pub electronics: BTreeMap<String, KindScore>,
    /// The same over the retail catalogue.
    pub retail: BTreeMap<String, KindScore>,
    /// Conditions that were read out of queries.
    pub understood: Understood,
    /// How long answers took.
    pub latency: Latency,
    /// Products of the catalogue of electronics.
    pub products: usize,
    /// How long learning and indexing them took.
    pub built_in: Duration,
}

/// How long answers took, from the text to the ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took no longer.
    pub median: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// Answers a second, when [`AT_ONCE`] questions are always under way.
    pub a_second: u128,
}

/// Questions that are under way when answers a second are counted.
const AT_ONCE: usize = 8;

impl Latency {
    /// Asks every query once.
    pub fn of(bench: &Bench, items: &[KnownItem]) -> Result<Self, QualityError> {
        let mut times = Vec::with_capacity(items.len());
        for item in items {
            let started = Instant::now();
            bench.ask(&item.typed, JUDGED_HITS)?;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        let at = |hundredths: usize| {
            let index = times.len().saturating_mul(hundredths).checked_div(100).unwrap_or_default();
            times.get(index).copied().unwrap_or_default()
        };
        Ok(Self { median: at(50), p99: at(99), a_second: Self::a_second(bench, items)? })
    }

    fn a_second(bench: &Bench, items: &[KnownItem]) -> Result<u128, QualityError> {
        let started = Instant::now();
        let shares = items.chunks(items.len().div_ceil(AT_ONCE).max(1)).map(|share| {
            let typed: Vec<String> = share.iter().map(|item| item.typed.clone()).collect();
            let shelf = Arc::clone(&bench.shelf);
            bench.runtime.spawn(async move {
                for typed in &typed {
                    shelf.search(&question(typed, JUDGED_HITS)).await?;
                }
                Ok::<_, SearchError>(())
            })
        });
        for share in shares.collect::<Vec<_>>() {
            bench.runtime.block_on(share).map_err(|error| SearchError::Failed(error.into()))??;
        }
        let asked = u128::try_from(items.len()).unwrap_or_default();
        Ok(asked.saturating_mul(1_000).checked_div(started.elapsed().as_millis()).unwrap_or_default())
    }
}

/// Kinds of errors that are a single edit.
pub const ONE_EDIT: [&str; 7] = ["sub", "del", "ins", "transp", "dup", "phon", "first"];

impl Quality {
    /// The scores of all kinds that are one edit, as one.
    pub fn one_edit(scores: &BTreeMap<String, KindScore>) -> KindScore {
        let kinds = ONE_EDIT.iter().filter_map(|kind| scores.get(*kind));
        let mut sum = KindScore::default();
        kinds.for_each(|score| sum.add(score));
        sum
    }
}

impl KindScore {
    /// The share of queries whose first hit was right.
    pub fn first(&self) -> f64 {
        share(self.right_at_1, self.asked)
    }

    /// The share of queries whose first hit was named right.
    pub fn named(&self) -> f64 {
        share(self.named_at_1, self.asked)
    }

    /// The share of queries with a right hit among the first ten.
    pub fn ten(&self) -> f64 {
        share(self.right_at_10, self.asked)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "engine        {}", self.engine)?;
        let Gain { raw, condensed, condensed_ten, judged, queries } = &self.gain;
        writeln!(
            to,
            "relevance     NDCG@10 raw {raw:.3}, condensed {condensed:.3} (within the first ten {condensed_ten:.3}),"
        )?;
        writeln!(to, "              {judged:.3} of the first ten judged, {} queries", queries.len())?;
        for (name, scores) in [("electronics", &self.electronics), ("retail", &self.retail)] {
            writeln!(to, "{name:<13} kind      asked  right@1  right@10  named@1")?;
            let one_edit = Self::one_edit(scores);
            let summed = std::iter::once(("one edit", &one_edit));
            for (kind, score) in scores.iter().map(|(kind, score)| (kind.as_str(), score)).chain(summed) {
                writeln!(
                    to,
                    "              {kind:<9} {:>5}  {:>7.3}  {:>8.3}  {:>7.3}",
                    score.asked,
                    score.first(),
                    score.ten(),
                    score.named()
                )?;
            }
        }
        let Understood { asked, exact, missed } = &self.understood;
        writeln!(to, "understood    {:.3} exact of {asked} queries; not: {missed:?}", share(*exact, *asked))?;
        writeln!(to, "latency       p50 {:?}, p99 {:?}", self.latency.median, self.latency.p99)?;
        writeln!(to, "throughput    {} answers a second, {AT_ONCE} at once", self.latency.a_second)?;
        writeln!(to, "build         {} products in {:?}", self.products, self.built_in)
    }
}
