//! Lists without words: a page is read from an order of all products where that is less than to find all and sort them, and counts
//! are taken from before where nothing changed.

use std::ops::ControlFlow;

use tradepost_port::search::plan::{QueryPlan, Start, StepKind};
use tradepost_port::search::{Hits, Sort};

use super::conditions::{Conditions, Verdict};
use super::kept::{Counts, Kept};
use super::orders::Walk;
use super::pass::Pass;
use super::ranking::{self, Found, Order};
use super::table::{Product, Table};

/// Answers a plan without words; nothing if it is to look at no more than `most` products, and that is not enough.
pub fn answer(plan: &QueryPlan, table: &Table, kept: &Kept, most: usize) -> Option<Hits> {
    let conditions = Conditions::of(plan, table);
    let everything = table.rows().len();
    let narrowed = conditions.narrow(table, plan.facets.is_empty());
    let found = narrowed.as_ref().map_or(everything, |lists| lists.iter().map(|list| list.len()).sum());
    let wants_counts = plan.counted || !plan.facets.is_empty();
    let is_listed = lists_all(plan);
    let counts = if wants_counts && is_listed { counts(plan, table, kept) } else { None };
    if is_listed && (!wants_counts || counts.is_some()) {
        // Who would look at more than what may be found finds all of it sooner.
        let hits = read(plan, table, &conditions, found.min(most));
        if let Some(mut hits) = hits {
            if let Some(counts) = counts {
                hits.steps = vec![(StepKind::Exact, counts.total)];
                (hits.total, hits.facets) = (counts.total, counts.facets);
            }
            return Some(hits);
        }
    }
    if found > most {
        return None;
    }
    let mut pass = Pass::new(plan, table, conditions, usize::MAX);
    pass.take_all(narrowed);
    let hits = pass.finish();
    if wants_counts && is_listed {
        kept.put(table.generation(), plan, Counts { total: hits.total, facets: hits.facets.clone() });
    }
    Some(hits)
}

/// What is known of the counts of a plan.
fn counts(plan: &QueryPlan, table: &Table, kept: &Kept) -> Option<Counts> {
    if plan.filters.is_empty() && plan.groups.is_empty() && plan.facets.is_empty() {
        return Some(Counts { total: table.on_shelf(), facets: Vec::new() });
    }
    kept.get(table.generation(), plan)
}

/// Whether the hits are listed in an order that is kept, and all of them.
fn lists_all(plan: &QueryPlan) -> bool {
    let is_pinned = plan.sort == Sort::Relevance && !plan.pins.is_empty();
    Order::of(plan) != Order::Rank && plan.collapse.is_none() && !is_pinned
}

/// The page, if it is full or at its end before more than `most` products were looked at. What is counted is what was seen.
fn read(plan: &QueryPlan, table: &Table, conditions: &Conditions, most: usize) -> Option<Hits> {
    let (offset, after) = match &plan.page.start {
        Start::Offset(offset) => (*offset, None),
        Start::After(after) => (0, Some(after)),
    };
    // One more than is shown tells whether there is more.
    let enough = offset.saturating_add(plan.page.limit).saturating_add(1);
    let prices = conditions.prices();
    let walk = Walk { order: Order::of(plan), after, prices: &prices };
    let (mut found, mut verdict) = (Vec::new(), Verdict::default());
    let (mut left, mut gave_up) = (most, false);
    table.walk(walk, |number, _| {
        if left == 0 {
            gave_up = true;
            return ControlFlow::Break(());
        }
        left = left.saturating_sub(1);
        let product = table.product(number);
        let is_hit = |product: &Product<'_>| {
            conditions.judge(number, product, &mut verdict) && conditions.meets(&verdict, 0)
        };
        if product.as_ref().is_some_and(is_hit) {
            found.push(Found { row: number, rank: 0.0, score: 0.0, step: StepKind::Exact });
        }
        if found.len() < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    // Behind the last page it is not known whether anything was before it.
    if gave_up || (found.is_empty() && after.is_some()) {
        return None;
    }
    let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let ranked = ranking::page(plan, found, &[], table);
    Some(Hits {
        hits: ranked.hits,
        total,
        steps: vec![(StepKind::Exact, total)],
        facets: Vec::new(),
        next: ranked.next,
        sequence: 0,
    })
}
