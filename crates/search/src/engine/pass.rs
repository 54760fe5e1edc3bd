//! One pass over what may be found: who is a hit, what counts for facets, and which steps are taken.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::collections::HashSet;
use std::sync::Arc;

use tradepost_port::search::plan::{Pin, QueryPlan, Step, StepKind};
use tradepost_port::search::{Hits, Sort};

use super::conditions::{Boosts, Conditions, Verdict};
use super::facets::{Counting, Tell};
use super::met::{self, Met};
use super::ranking::{self, Found, Order, rank};
use super::survey::{List, Union, with_sold};
use super::table::{Product, Table};
use super::values::index;

/// Products that may have been found before a step whose products are not looked at one by one.
const BEFORE_MAX: usize = 256;

/// Looks that it takes to count a product.
const COUNTING: usize = 4;

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// It was taken.
    Plainly,
    /// It was, and something was worked out of its lists that is kept with them.
    WorkedOut,
    /// It was not: more products would have to be looked at than may be.
    TooMuch,
}

/// The state of a pass.
pub struct Pass<'a> {
    plan: &'a QueryPlan,
    table: &'a Table,
    conditions: Conditions,
    boosts: Boosts,
    counting: Counting<'a>,
    verdict: Verdict,
    /// A bit for each row that meets the filters, as far as they were looked at.
    seen: Vec<u64>,
    /// Hits that may be on the page or before it, and how many there are in all.
    found: Vec<Found>,
    total: u64,
    /// So many hits may be on the page or before it, or tell that there is more.
    page_end: usize,
    /// Hits of a lower rank are neither.
    rank_min: f32,
    pinned: Vec<(usize, Found)>,
    /// Rows of pins whose words were not met so far.
    pins_left: HashSet<u32>,
    steps: Vec<(StepKind, u64)>,
    /// Products whose words were met.
    met: usize,
    /// Looks that may still be taken.
    left: usize,
    /// The products of the last step, where they were not looked at one by one, and those that only steps before it found.
    union: Option<(Union, Vec<u32>)>,
}

impl<'a> Pass<'a> {
    /// Of a plan; pins are found first. No more than `most` looks are taken at products that hold its words.
    pub fn new(plan: &'a QueryPlan, table: &'a Table, conditions: Conditions, most: usize) -> Self {
        let mut pass = Self {
            plan,
            table,
            counting: Counting::new(&plan.facets, &conditions, table),
            conditions,
            boosts: Boosts::of(plan, table),
            verdict: Verdict::default(),
            seen: vec![0; table.rows().len().div_ceil(64)],
            found: Vec::new(),
            total: 0,
            page_end: ranking::page_end(plan).unwrap_or(usize::MAX),
            rank_min: f32::NEG_INFINITY,
            pinned: Vec::new(),
            pins_left: HashSet::new(),
            steps: Vec::new(),
            met: 0,
            left: most,
            union: None,
        };
        if plan.sort == Sort::Relevance {
            pass.find_pins();
        }
        pass
    }

    fn find_pins(&mut self) {
        let step = self.plan.relax.first().map_or(StepKind::Exact, |step| step.kind);
        let mut candidates = Vec::new();
        for pin in &self.plan.pins {
            let Some(number) = self.table.find(pin.id) else { continue };
            let Some(product) = self.table.product(number) else { continue };
            if self.is_seen(number) || !self.conditions.judge(number, &product, &mut self.verdict) {
                continue;
            }
            if self.conditions.meets(&self.verdict, 0) {
                candidates.push((*pin, number));
            } else {
                // With another choice it would be a pin, words or not.
                self.see(number);
                self.count(&product);
            }
        }
        for (place, number) in Pin::settle(candidates, self.plan.pins_within) {
            let Some(product) = self.table.product(number) else { continue };
            self.see(number);
            if self.conditions.judge(number, &product, &mut self.verdict) {
                self.count(&product);
            }
            self.pins_left.insert(number);
            self.pinned.push((place, Found { row: number, rank: 0.0, score: 0.0, step }));
        }
    }

    /// Counts a product that was judged for facets.
    fn count(&mut self, product: &Product<'_>) {
        if !self.counting.is_later() {
            self.counting.count(product, &self.verdict, &self.conditions, self.table);
        }
    }

    fn is_seen(&self, number: u32) -> bool {
        self.seen.get(index(number) / 64).is_none_or(|bits| bits & (1 << (index(number) % 64)) != 0)
    }

    fn see(&mut self, number: u32) {
        if let Some(bits) = self.seen.get_mut(index(number) / 64) {
            *bits |= 1 << (index(number) % 64);
        }
    }

    /// Looks at all products, or at those of some lists, for a plan without words.
    pub fn take_all(&mut self, lists: Option<Vec<&[u32]>>) {
        self.steps.push((StepKind::Exact, 0));
        if let Some(lists) = lists {
            lists.into_iter().flatten().for_each(|row| self.look(*row, None, (StepKind::Exact, 0)));
        } else {
            let rows = (0..).zip(self.table.rows());
            rows.for_each(|(row, _)| self.look(row, None, (StepKind::Exact, 0)));
        }
    }

    /// Whether a step is to be taken: too little was found so far.
    pub fn wants(&self, step: &Step) -> bool {
        self.met < step.if_fewer_than
    }

    /// Takes the step of a plan at a place; `lists` are the products that hold each of its words.
    pub fn take_step(&mut self, place: usize, lists: &[Arc<List>]) -> Took {
        let Some(step) = self.plan.relax.get(place) else { return Took::Plainly };
        let steps_after = u8::try_from(self.plan.relax.len().saturating_sub(place)).unwrap_or(u8::MAX);
        let mut long = lists.iter().filter(|list| list.is_long());
        let is_known = long.all(|list| list.left(&self.plan.facets, self.table) == 0);
        if let Some(union) = self.union(place, lists) {
            self.steps.push((step.kind, 0));
            self.take_union(union, (step.kind, steps_after));
            return if is_known { Took::Plainly } else { Took::WorkedOut };
        }
        let lists: Vec<&[Met]> = lists.iter().map(|list| list.met()).collect();
        let lengths = lists.iter().map(|list| list.len());
        let looked_at =
            if step.slots_min >= lists.len() { lengths.min().unwrap_or_default() } else { lengths.sum() };
        let is_counted = !self.plan.facets.is_empty();
        if !self.affords(looked_at.saturating_mul(if is_counted { COUNTING } else { 1 })) {
            return Took::TooMuch;
        }
        self.steps.push((step.kind, 0));
        for (row, score) in met::of_step(&lists, *step, self.plan.scoring.named) {
            self.look(row, Some(score), (step.kind, steps_after));
        }
        Took::Plainly
    }

    /// Whether so many more looks may be taken; they are, then.
    fn affords(&mut self, looks: usize) -> bool {
        let left = self.left.checked_sub(looks);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// All products of one list or of two, where each of them is a hit, the best ones and counts are all that is asked for, and no
    /// step comes after.
    fn union(&mut self, place: usize, lists: &[Arc<List>]) -> Option<Union> {
        let (plan, table) = (self.plan, self.table);
        let step = plan.relax.get(place)?;
        let is_any = lists.len() == 1 || (lists.len() == 2 && step.slots_min <= 1);
        let is_union = is_any && lists.iter().any(|list| list.is_long());
        let is_open = self.conditions.are_none() && plan.pins.is_empty() && self.page_end < usize::MAX;
        let found = self.found.len();
        let knows_all = found <= BEFORE_MAX && u64::try_from(found).is_ok_and(|found| found == self.total);
        if !(is_union && is_open && knows_all) {
            return None;
        }
        let after = plan.relax.iter().skip(place.saturating_add(1)).map(|step| step.if_fewer_than);
        let wanted = after.max().unwrap_or_default();
        if lists.iter().map(|list| list.met().len()).sum::<usize>() < wanted {
            return None;
        }
        let again = lists.iter().filter(|list| !list.is_long() || list.is_asked_again()).count();
        let left: usize = lists.iter().map(|list| list.left(&plan.facets, table)).sum();
        if again < lists.len() || !self.affords(left.saturating_mul(COUNTING)) {
            return None;
        }
        let count = |rows: &[(u32, f32)]| {
            let mut counting = Counting::new(&plan.facets, &self.conditions, table);
            let products = rows.iter().filter_map(|(row, _)| table.product(*row));
            counting.count_hits(products, Tell::More, table);
            counting.into_sums()
        };
        let union = Union::of(lists, (table, plan.scoring.popularity), &plan.facets, count);
        (self.met.saturating_add(self.new_of(&union)) >= wanted).then_some(union)
    }

    /// How many products of a union were not found before.
    fn new_of(&self, union: &Union) -> usize {
        let known = self.found.iter().filter(|found| union.holds(found.row)).count();
        union.count().saturating_sub(known)
    }

    /// Takes all products of a union: of each list the best ones, until no other can come on the page.
    fn take_union(&mut self, union: Union, (step, steps_after): (StepKind, u8)) {
        let new = self.new_of(&union);
        let before = self.found.iter().map(|found| found.row).filter(|row| !union.holds(*row)).collect();
        let raise_max = self.boosts.factor_max();
        for of_list in union.by_score() {
            for (row, score) in of_list {
                if rank(score * raise_max, steps_after) < self.rank_min {
                    break;
                }
                self.offer(row, score, (step, steps_after));
            }
        }
        for (row, score) in union.singles() {
            self.offer(*row, *score, (step, steps_after));
        }
        let popularity = self.plan.scoring.popularity;
        for met in union.both() {
            let Some(sold) = self.table.sold(met.row()) else { continue };
            let score = with_sold(met.score, sold, (popularity, self.table));
            self.offer(met.row(), score, (step, steps_after));
        }
        self.met = self.met.saturating_add(new);
        let new = u64::try_from(new).unwrap_or(u64::MAX);
        self.total = self.total.saturating_add(new);
        if let Some((_, count)) = self.steps.last_mut() {
            *count = new;
        }
        self.union = Some((union, before));
    }

    /// Keeps a hit of a union that was not found before, unless enough others come before it.
    fn offer(&mut self, row: u32, score: f32, (step, steps_after): (StepKind, u8)) {
        if self.is_seen(row) {
            return;
        }
        let factor = if self.boosts.is_empty() {
            1.0
        } else {
            self.table.product(row).map_or(1.0, |product| self.boosts.factor(row, &product))
        };
        let score = score * factor;
        self.keep(Found { row, rank: rank(score, steps_after), score, step });
    }

    /// Looks at a product that holds the words of a step, or that no words are asked of.
    fn look(&mut self, number: u32, score: Option<f32>, (step, steps_after): (StepKind, u8)) {
        if !self.pins_left.is_empty() && self.pins_left.remove(&number) {
            self.meet();
        }
        if self.is_seen(number) {
            return;
        }
        let Some(sold) = self.table.sold(number) else { return };
        // As a rule nothing more is asked of a product than its words.
        let is_open = self.conditions.are_none();
        let mut factor = 1.0;
        if is_open && self.boosts.is_empty() {
            self.see(number);
        } else {
            let Some(product) = self.table.product(number) else { return };
            if !self.conditions.judge(number, &product, &mut self.verdict) {
                return;
            }
            self.see(number);
            self.count(&product);
            if !self.conditions.meets(&self.verdict, 0) {
                return;
            }
            factor = self.boosts.factor(number, &product);
        }
        self.meet();
        self.total = self.total.saturating_add(1);
        let (rank, score) = self.score(sold, score, factor, steps_after);
        self.keep(Found { row: number, rank, score, step });
    }

    /// Keeps a hit, unless enough others come before it.
    fn keep(&mut self, found: Found) {
        if found.rank < self.rank_min {
            return;
        }
        self.found.push(found);
        if self.found.len() / 2 > self.page_end {
            ranking::leave_first(&mut self.found, self.page_end, Order::Rank, self.table);
            self.rank_min = self.found.last().map_or(f32::NEG_INFINITY, |last| last.rank);
        }
    }

    /// Takes note of a product whose words the step at hand meets.
    fn meet(&mut self) {
        self.met = self.met.saturating_add(1);
        if let Some((_, count)) = self.steps.last_mut() {
            *count = count.saturating_add(1);
        }
    }

    /// What a hit that is sold so much is ranked by, and its score.
    fn score(&self, sold: f32, score: Option<f32>, factor: f32, steps_after: u8) -> (f32, f32) {
        let Some(score) = score else {
            if self.boosts.is_empty() {
                return (0.0, 0.0);
            }
            return (rank((1.0 + sold.ln_1p()) * factor, 0), 0.0);
        };
        let score = with_sold(score, sold, (self.plan.scoring.popularity, self.table)) * factor;
        (rank(score, steps_after), score)
    }

    /// The answer.
    pub fn finish(mut self) -> Hits {
        let pins = u64::try_from(self.pinned.len()).unwrap_or(u64::MAX);
        if self.counting.is_later() && !self.plan.facets.is_empty() {
            self.count_all();
        }
        let ranked = ranking::page(self.plan, self.found, &self.pinned, self.table);
        Hits {
            hits: ranked.hits,
            total: self.total.saturating_add(pins),
            steps: self.steps,
            facets: self.counting.finish(self.table),
            next: ranked.next,
            sequence: 0,
        }
    }
}

impl Pass<'_> {
    /// Counts all hits, which are known.
    fn count_all(&mut self) {
        let table = self.table;
        let product = |number: u32| table.product(number);
        let Some((union, before)) = &self.union else {
            self.counting.count_hits(rows_of(&self.seen).filter_map(product), Tell::More, table);
            return;
        };
        union.sums().for_each(|sums| self.counting.add(sums));
        let twice = union.twice().iter().filter_map(|met| product(met.row()));
        self.counting.count_hits(twice, Tell::Less, table);
        let singles = union.singles().iter().filter_map(|(row, _)| product(*row));
        self.counting.count_hits(singles, Tell::More, table);
        self.counting.count_hits(before.iter().copied().filter_map(product), Tell::More, table);
    }
}

/// The rows whose bits are set.
fn rows_of(bits: &[u64]) -> impl Iterator<Item = u32> {
    let words = (0_u32..).step_by(64).zip(bits.iter().copied());
    words.flat_map(|(first, word)| {
        let rest = |word: u64| Some(word & word.saturating_sub(1)).filter(|rest| *rest > 0);
        let words = std::iter::successors(Some(word).filter(|word| *word > 0), move |word| rest(*word));
        words.map(move |word| first.saturating_add(word.trailing_zeros()))
    })
}
