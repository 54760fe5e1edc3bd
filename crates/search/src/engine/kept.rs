//! Counts that were made, kept until a product changes: other pages and orders of the same list count the same.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tradepost_port::search::plan::QueryPlan;
use tradepost_port::search::{Condition, Facet, FacetRequest};

/// Lists whose counts are kept at most.
const KEPT_MAX: usize = 32;

/// What is counted.
#[derive(Debug, PartialEq)]
struct Asked {
    filters: Vec<Condition>,
    groups: Vec<Condition>,
    facets: Vec<FacetRequest>,
}

impl Asked {
    fn is_of(&self, plan: &QueryPlan) -> bool {
        self.filters == plan.filters && self.groups == plan.groups && self.facets == plan.facets
    }
}

/// The counts of a list.
#[derive(Debug, Clone)]
pub struct Counts {
    /// Products.
    pub total: u64,
    /// Their facets.
    pub facets: Vec<Facet>,
}

/// Counts of the lists that were asked for last, of one generation of the table.
#[derive(Debug, Default)]
pub struct Kept(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    generation: u64,
    /// The ones that were asked for last come first.
    counts: VecDeque<(Asked, Counts)>,
}

impl Kept {
    fn of_generation(&self, generation: u64) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation != generation {
            state.generation = generation;
            state.counts.clear();
        }
        state
    }

    /// What was counted for a plan without words.
    pub fn get(&self, generation: u64, plan: &QueryPlan) -> Option<Counts> {
        let mut state = self.of_generation(generation);
        let place = state.counts.iter().position(|(asked, _)| asked.is_of(plan))?;
        let found = state.counts.remove(place)?;
        let counts = found.1.clone();
        state.counts.push_front(found);
        Some(counts)
    }

    /// Keeps what was counted.
    pub fn put(&self, generation: u64, plan: &QueryPlan, counts: Counts) {
        let asked =
            Asked { filters: plan.filters.clone(), groups: plan.groups.clone(), facets: plan.facets.clone() };
        let mut state = self.of_generation(generation);
        if state.counts.iter().all(|(other, _)| *other != asked) {
            state.counts.push_front((asked, counts));
            state.counts.truncate(KEPT_MAX);
        }
    }
}
