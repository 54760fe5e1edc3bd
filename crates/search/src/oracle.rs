//! An engine that is too simple to be wrong: it looks at every product for every step of a plan.
//!
//! Real engines are held to it: they must find the same products at the same steps. How they order products within a step
//! is theirs, since their scores know of lengths and frequencies.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::collections::{HashMap, HashSet};

use tradepost_port::search::plan::{Alt, Field, QueryPlan, Scope, Slot, Start, Step, StepKind};

use crate::document::{Parsed, SearchDocument};
use crate::knowledge::Knowledge;
use crate::weights::Weights;

/// A product that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The id that the document was given.
    pub id: String,
    /// How well it fits within its step; of no meaning across plans.
    pub score: f32,
    /// The step that found it.
    pub step: StepKind,
}

/// Where a page begins, for engines that know no places.
pub(crate) fn offset(plan: &QueryPlan) -> usize {
    match plan.page.start {
        Start::Offset(offset) => offset,
        Start::After(_) => 0,
    }
}

/// Products with their terms, in memory.
pub struct Oracle {
    products: Vec<(String, HashMap<Field, HashSet<String>>)>,
    weights: Weights,
}

impl Oracle {
    /// Keeps documents that were learnt from.
    pub fn new(
        documents: &[SearchDocument],
        parsed: &[Parsed],
        knowledge: &Knowledge,
        weights: Weights,
    ) -> Self {
        let products = documents.iter().zip(parsed).map(|(document, parsed)| {
            let terms = parsed.terms(&document.description, &knowledge.structure, &knowledge.analyzer);
            let fields = terms
                .fields()
                .map(|(field, terms)| (field, terms.iter().map(|term| term.text.clone()).collect()))
                .collect();
            (document.id.clone(), fields)
        });
        Self { products: products.collect(), weights }
    }

    /// Follows a plan, step by step, until enough is found.
    pub fn search(&self, plan: &QueryPlan) -> Vec<Hit> {
        let wanted = offset(plan).saturating_add(plan.page.limit);
        let mut hits: Vec<Hit> = Vec::new();
        for step in &plan.relax {
            if hits.len() >= wanted.min(step.if_fewer_than) {
                continue;
            }
            let seen: HashSet<String> = hits.iter().map(|hit| hit.id.clone()).collect();
            let mut found: Vec<Hit> = self
                .products
                .iter()
                .filter(|(id, _)| !seen.contains(id))
                .filter_map(|(id, fields)| {
                    let score = self.score(fields, plan, *step)?;
                    Some(Hit { id: id.clone(), score, step: step.kind })
                })
                .collect();
            found.sort_by(|first, second| second.score.total_cmp(&first.score));
            hits.extend(found);
        }
        hits.into_iter().skip(offset(plan)).take(plan.page.limit).collect()
    }

    /// The score of a product, if it meets enough slots.
    fn score(&self, fields: &HashMap<Field, HashSet<String>>, plan: &QueryPlan, step: Step) -> Option<f32> {
        let met: Vec<f32> = plan.must.iter().filter_map(|slot| self.slot(fields, slot, step)).collect();
        (met.len() >= step.slots_min).then(|| met.iter().sum())
    }

    fn slot(&self, fields: &HashMap<Field, HashSet<String>>, slot: &Slot, step: Step) -> Option<f32> {
        let alts = slot.alts.iter().filter(|alt| alt.doubt <= step.doubt);
        alts.filter_map(|alt| self.alt(fields, alt)).max_by(f32::total_cmp)
    }

    fn alt(&self, fields: &HashMap<Field, HashSet<String>>, alt: &Alt) -> Option<f32> {
        let best = |term: &String| {
            let searched = fields.iter().filter(|(field, _)| Scope::Anywhere.holds(**field, alt.kind));
            let holding = searched.filter(|(_, terms)| terms.contains(term));
            holding.map(|(field, _)| self.weights.of(*field)).max_by(f32::total_cmp)
        };
        let each: Option<Vec<f32>> = alt.terms.iter().map(best).collect();
        Some(alt.weight * each?.into_iter().min_by(f32::total_cmp)?)
    }
}
