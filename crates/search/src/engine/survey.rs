//! What is worked out of a list of products as a whole and kept with it: their order by score, and their counts. Where every product
//! that holds one of two words is a hit, neither is to be looked at one by one: the best ones stand first in the lists, and
//! the counts are those of both lists less those of the products that are in both.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradepost_port::search::FacetRequest;

use super::facets::Sums;
use super::met::{self, Met};
use super::table::{Table, narrow};

/// Products from which on a list is worked out as a whole; fewer are sooner looked at.
const WHOLE_MIN: usize = 256;

/// The products that meet a slot, by row, and what was worked out of them.
#[derive(Debug, Default)]
pub struct List {
    met: Box<[Met]>,
    /// Whether all of its products were hits of some question before.
    asked: AtomicBool,
    ranked: Mutex<Option<Arc<Ranked>>>,
    counted: Mutex<Option<Arc<Counted>>>,
}

/// The products of a list that are on the shelf, the best first, each with its score.
#[derive(Debug)]
struct Ranked {
    /// The state of the table.
    generation: u64,
    rows: Box<[(u32, f32)]>,
}

/// Counts of the products of a list that are on the shelf.
#[derive(Debug)]
struct Counted {
    /// The state of the table.
    generation: u64,
    requests: Vec<FacetRequest>,
    sums: Sums,
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The score of a product that is sold so much, by what its words count.
pub fn with_sold(score: f32, sold: f32, (popularity, table): (f32, &Table)) -> f32 {
    let share = if table.popularity_max > 0 { sold / narrow(table.popularity_max) } else { 0.0 };
    score * (1.0 + popularity * share)
}

impl List {
    /// A list by row.
    pub fn new(met: Vec<Met>) -> Self {
        Self { met: met.into(), ..Self::default() }
    }

    /// Its products.
    pub fn met(&self) -> &[Met] {
        &self.met
    }

    /// Whether a product is in it.
    fn holds(&self, row: u32) -> bool {
        self.met.binary_search_by_key(&row, |met| met.row()).is_ok()
    }

    /// Whether it is worth being worked out: it is long.
    pub fn is_long(&self) -> bool {
        self.met.len() >= WHOLE_MIN
    }

    /// Whether this was asked before: what is asked for once is not worth being worked out, however long it is.
    pub fn is_asked_again(&self) -> bool {
        self.asked.swap(true, Ordering::Relaxed)
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let ranked = lock(&self.ranked).as_ref().map_or(0, |ranked| size_of_val(&*ranked.rows));
        let counted = lock(&self.counted).as_ref().map_or(0, |counted| counted.sums.bytes());
        size_of_val(&*self.met).saturating_add(ranked).saturating_add(counted)
    }

    /// Its order, worked out if need be.
    fn ranked(&self, table: &Table, popularity: f32) -> Arc<Ranked> {
        let generation = table.sold_generation();
        if let Some(kept) = self.kept_ranked(table) {
            return kept;
        }
        let score = |met: &Met| {
            let sold = table.sold(met.row())?;
            Some((met.row(), with_sold(met.score, sold, (popularity, table))))
        };
        let mut rows: Vec<(u32, f32)> = self.met.iter().filter_map(score).collect();
        rows.sort_unstable_by(|first, second| second.1.total_cmp(&first.1));
        let ranked = Arc::new(Ranked { generation, rows: rows.into() });
        *lock(&self.ranked) = Some(Arc::clone(&ranked));
        ranked
    }

    fn kept_ranked(&self, table: &Table) -> Option<Arc<Ranked>> {
        lock(&self.ranked).clone().filter(|kept| kept.generation == table.sold_generation())
    }

    /// Its counts, worked out by `count` if need be; nothing where nothing is to be counted.
    fn counted(
        &self,
        requests: &[FacetRequest],
        table: &Table,
        count: impl FnOnce(&[(u32, f32)]) -> Sums,
        ranked: &Ranked,
    ) -> Option<Arc<Counted>> {
        if requests.is_empty() {
            return None;
        }
        if let Some(kept) = self.kept_counted(requests, table) {
            return Some(kept);
        }
        let (generation, sums) = (table.generation(), count(&ranked.rows));
        let counted = Arc::new(Counted { generation, requests: requests.to_vec(), sums });
        *lock(&self.counted) = Some(Arc::clone(&counted));
        Some(counted)
    }

    fn kept_counted(&self, requests: &[FacetRequest], table: &Table) -> Option<Arc<Counted>> {
        let kept = lock(&self.counted).clone()?;
        (kept.generation == table.generation() && kept.requests == requests).then_some(kept)
    }

    /// How many products must be looked at before everything is known of it.
    pub fn left(&self, requests: &[FacetRequest], table: &Table) -> usize {
        if !self.is_long() {
            return self.met.len();
        }
        let looks = usize::from(self.kept_ranked(table).is_none())
            + usize::from(!requests.is_empty() && self.kept_counted(requests, table).is_none());
        self.met.len().saturating_mul(looks)
    }
}

/// A list with what was worked out of it; counts where something is to be counted.
#[derive(Debug)]
struct Surveyed {
    ranked: Arc<Ranked>,
    counted: Option<Arc<Counted>>,
}

/// All products on the shelf that are in one of two lists, or in one alone.
#[derive(Debug)]
pub struct Union {
    lists: Vec<Arc<List>>,
    /// The long ones.
    wholes: Vec<Surveyed>,
    /// Products on the shelf that are in both, by row.
    both: Vec<Met>,
    /// Those that are in a short list alone, with their scores.
    singles: Vec<(u32, f32)>,
}

impl Union {
    /// Of one list or two, of which one is long at least; `count` counts products.
    pub fn of(
        lists: &[Arc<List>],
        (table, popularity): (&Table, f32),
        requests: &[FacetRequest],
        count: impl Fn(&[(u32, f32)]) -> Sums,
    ) -> Self {
        let known = |list: &Arc<List>| {
            let ranked = list.ranked(table, popularity);
            let counted = list.counted(requests, table, &count, &ranked);
            Surveyed { ranked, counted }
        };
        let mut both = match lists {
            [first, second] => met::of_all(&[first.met(), second.met()]),
            _ => Vec::new(),
        };
        both.retain(|met| table.sold(met.row()).is_some());
        let is_single = |met: &&Met| both.binary_search_by_key(&met.row(), |met| met.row()).is_err();
        let single =
            |met: &Met| Some((met.row(), with_sold(met.score, table.sold(met.row())?, (popularity, table))));
        let short = lists.iter().filter(|list| !list.is_long()).flat_map(|list| list.met());
        let singles = short.filter(is_single).filter_map(single).collect();
        let wholes = lists.iter().filter(|list| list.is_long()).map(known).collect();
        Self { lists: lists.to_vec(), wholes, both, singles }
    }

    /// How many products there are.
    pub fn count(&self) -> usize {
        let all = self.wholes.iter().map(|whole| whole.ranked.rows.len()).sum::<usize>();
        all.saturating_sub(self.twice().len()).saturating_add(self.singles.len())
    }

    /// Whether a product on the shelf is one of them.
    pub fn holds(&self, row: u32) -> bool {
        self.lists.iter().any(|list| list.holds(row))
    }

    /// Products that are in both lists.
    pub fn both(&self) -> &[Met] {
        &self.both
    }

    /// Products of which [`Self::sums`] tells twice.
    pub fn twice(&self) -> &[Met] {
        if self.wholes.len() > 1 { &self.both } else { &[] }
    }

    /// Products of which [`Self::sums`] does not tell, with their scores.
    pub fn singles(&self) -> &[(u32, f32)] {
        &self.singles
    }

    /// Those of each long list that are not in both, the best first, with their scores.
    pub fn by_score(&self) -> impl Iterator<Item = impl Iterator<Item = (u32, f32)>> {
        let is_in_one = |row: u32| self.both.binary_search_by_key(&row, |met| met.row()).is_err();
        let rows = self.wholes.iter().map(|whole| whole.ranked.rows.iter().copied());
        rows.map(move |rows| rows.filter(move |(row, _)| is_in_one(*row)))
    }

    /// The counts of each long list.
    pub fn sums(&self) -> impl Iterator<Item = &Sums> {
        self.wholes.iter().filter_map(|whole| Some(&whole.counted.as_ref()?.sums))
    }
}
