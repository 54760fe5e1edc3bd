//! A step of a plan as a query of Tantivy.

#![expect(clippy::float_arithmetic, reason = "weights of ranking; no money is near")]

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tradepost_port::search::plan::{Alt, Field, QueryPlan, Scope, Slot, Step};

use super::Fields;
use crate::weights::Weights;

/// The query of a step: enough slots are met, and all of them in names counts more.
pub fn of(plan: &QueryPlan, step: Step, fields: &Fields, weights: &Weights) -> Box<dyn Query> {
    if plan.must.is_empty() {
        return Box::new(AllQuery);
    }
    let mut clauses = vec![(Occur::Must, words(plan, step, Scope::Anywhere, fields, weights))];
    if plan.must.len() > 1 && step.slots_min == plan.must.len() {
        // Words that are all in its name tell more of a product than such as are scattered over a description.
        let named = words(plan, step, Scope::Names, fields, weights);
        clauses.push((Occur::Should, Box::new(ConstScoreQuery::new(named, weights.named))));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// Enough slots are met within a scope.
fn words(plan: &QueryPlan, step: Step, scope: Scope, fields: &Fields, weights: &Weights) -> Box<dyn Query> {
    let slots: Vec<Box<dyn Query>> =
        plan.must.iter().map(|met| slot(met, (step.doubt, scope), fields, weights)).collect();
    if step.slots_min >= slots.len() {
        Box::new(BooleanQuery::intersection(slots))
    } else {
        Box::new(BooleanQuery::union_with_minimum_required_clauses(slots, step.slots_min))
    }
}

/// A slot pays for its best alternative in its best field, and a little for the others.
fn slot(slot: &Slot, (doubt, scope): (u8, Scope), fields: &Fields, weights: &Weights) -> Box<dyn Query> {
    let alts = slot.alts.iter().filter(|alt| alt.doubt <= doubt);
    let ways = alts.flat_map(|alt| match alt.terms.as_slice() {
        [term] => in_fields(term, (alt, scope), fields, weights),
        terms => {
            let all = terms.iter().map(|term| {
                let anywhere = in_fields(term, (alt, scope), fields, weights);
                let best: Box<dyn Query> =
                    Box::new(DisjunctionMaxQuery::with_tie_breaker(anywhere, weights.tie));
                best
            });
            // Two words that stand for one are paid as one.
            let all = BooleanQuery::intersection(all.collect());
            vec![boosted(Box::new(all), 0.5)]
        }
    });
    Box::new(DisjunctionMaxQuery::with_tie_breaker(ways.collect(), weights.tie))
}

fn in_fields(
    term: &str,
    (alt, scope): (&Alt, Scope),
    fields: &Fields,
    weights: &Weights,
) -> Vec<Box<dyn Query>> {
    let searched = Field::ALL.into_iter().filter(|field| scope.holds(*field, alt.kind));
    searched
        .filter_map(|field| {
            let term = Term::from_field_text(*fields.texts.get(&field)?, term);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            Some(boosted(Box::new(query), weights.of(field) * alt.weight))
        })
        .collect()
}

fn boosted(query: Box<dyn Query>, boost: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}
