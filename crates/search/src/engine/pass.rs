//! One pass over what may be found: who is a hit, what counts for facets, and which steps are taken.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::collections::HashSet;

use tradepost_port::search::plan::{Pin, QueryPlan, StepKind};
use tradepost_port::search::{Hits, Sort};

use super::conditions::{Boosts, Conditions, Verdict};
use super::facets::Counting;
use super::ranking::{self, Found, rank};
use super::table::{Row, Table};
use super::values::index;

/// The state of a pass.
pub struct Pass<'a> {
    plan: &'a QueryPlan,
    table: &'a Table,
    conditions: Conditions,
    boosts: Boosts,
    counting: Counting<'a>,
    verdict: Verdict,
    /// A bit for each row that was looked at.
    seen: Vec<u64>,
    found: Vec<Found>,
    pinned: Vec<(usize, Found)>,
    /// Rows of pins whose words were not met so far.
    pins_left: HashSet<u32>,
    steps: Vec<(StepKind, u64)>,
    /// Products whose words were met.
    met: usize,
}

impl<'a> Pass<'a> {
    /// Of a plan; pins are found first.
    pub fn new(plan: &'a QueryPlan, table: &'a Table, conditions: Conditions) -> Self {
        let mut pass = Self {
            plan,
            table,
            counting: Counting::new(&plan.facets, &conditions, table),
            conditions,
            boosts: Boosts::of(plan, table),
            verdict: Verdict::default(),
            seen: vec![0; table.rows().len().div_ceil(64)],
            found: Vec::new(),
            pinned: Vec::new(),
            pins_left: HashSet::new(),
            steps: Vec::new(),
            met: 0,
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
            let Some(row) = self.table.row(number) else { continue };
            if self.is_seen(number) || !self.conditions.judge(number, row, &mut self.verdict) {
                continue;
            }
            if self.conditions.meets(&self.verdict, 0) {
                candidates.push((*pin, number));
            } else {
                // With another choice it would be a pin, words or not.
                self.see(number);
                self.counting.count(row, &self.verdict, &self.conditions);
            }
        }
        for (place, number) in Pin::settle(candidates, self.plan.pins_within) {
            let Some(row) = self.table.row(number) else { continue };
            self.see(number);
            if self.conditions.judge(number, row, &mut self.verdict) {
                self.counting.count(row, &self.verdict, &self.conditions);
            }
            self.pins_left.insert(number);
            self.pinned.push((place, Found { row: number, rank: 0.0, score: 0.0, step }));
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
        match lists {
            Some(lists) => {
                lists.into_iter().flatten().for_each(|row| self.look(*row, None, (StepKind::Exact, 0)));
            }
            None => (0..)
                .zip(self.table.rows())
                .for_each(|(row, _): (u32, &Row)| self.look(row, None, (StepKind::Exact, 0))),
        }
    }

    /// Takes the step of a plan at a place: `find` gives the rows that hold its words, with their scores.
    pub fn take_step<E>(
        &mut self,
        place: usize,
        find: impl FnOnce() -> Result<Vec<(u32, f32)>, E>,
    ) -> Result<(), E> {
        let Some(step) = self.plan.relax.get(place) else { return Ok(()) };
        if self.met >= step.if_fewer_than {
            return Ok(());
        }
        let steps_after = u8::try_from(self.plan.relax.len().saturating_sub(place)).unwrap_or(u8::MAX);
        self.steps.push((step.kind, 0));
        for (row, score) in find()? {
            self.look(row, Some(score), (step.kind, steps_after));
        }
        Ok(())
    }

    /// Looks at a product that holds the words of a step, or that no words are asked of.
    fn look(&mut self, number: u32, score: Option<f32>, (step, steps_after): (StepKind, u8)) {
        if self.pins_left.remove(&number) {
            self.meet();
        }
        if self.is_seen(number) {
            return;
        }
        let Some(row) = self.table.row(number) else { return };
        if !self.conditions.judge(number, row, &mut self.verdict) {
            return;
        }
        self.see(number);
        self.counting.count(row, &self.verdict, &self.conditions);
        if !self.conditions.meets(&self.verdict, 0) {
            return;
        }
        self.meet();
        let (rank, score) = self.score(number, row, score, steps_after);
        self.found.push(Found { row: number, rank, score, step });
    }

    /// Takes note of a product whose words the step at hand meets.
    fn meet(&mut self) {
        self.met = self.met.saturating_add(1);
        if let Some((_, count)) = self.steps.last_mut() {
            *count = count.saturating_add(1);
        }
    }

    /// What a hit is ranked by, and its score.
    fn score(&self, number: u32, row: &Row, score: Option<f32>, steps_after: u8) -> (f32, f32) {
        let Some(score) = score else {
            if self.boosts.is_empty() {
                return (0.0, 0.0);
            }
            let sold = narrow(row.popularity.max(0)).ln_1p();
            return (rank((1.0 + sold) * self.boosts.factor(number, row), 0), 0.0);
        };
        let share = if self.table.popularity_max > 0 {
            narrow(row.popularity.max(0)) / narrow(self.table.popularity_max)
        } else {
            0.0
        };
        let score = score * (1.0 + self.plan.scoring.popularity * share) * self.boosts.factor(number, row);
        (rank(score, steps_after), score)
    }

    /// The answer.
    pub fn finish(self) -> Hits {
        let pins = u64::try_from(self.pinned.len()).unwrap_or(u64::MAX);
        let total = u64::try_from(self.found.len()).unwrap_or(u64::MAX).saturating_add(pins);
        let ranked = ranking::page(self.plan, self.found, &self.pinned, self.table);
        Hits {
            hits: ranked.hits,
            total,
            steps: self.steps,
            facets: self.counting.finish(self.table),
            next: ranked.next,
            sequence: 0,
        }
    }
}

/// A count as a number of ranking; it need not be exact.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a weight, not a count any more")]
fn narrow(count: i64) -> f32 {
    count as f32
}
