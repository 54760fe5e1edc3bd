//! A step of a plan as a query of Tantivy.

#![expect(clippy::float_arithmetic, reason = "weights of ranking; no money is near")]

use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tradepost_port::search::plan::{Alt, Field, QueryPlan, Scope, Scoring, Slot, Step};

use super::index::Fields;

/// The query of a step: enough slots are met, and all of them in names counts more.
pub fn of(plan: &QueryPlan, step: Step, fields: &Fields) -> Box<dyn Query> {
    let mut clauses = vec![(Occur::Must, words(plan, step, Scope::Anywhere, fields))];
    if plan.must.len() > 1 && step.slots_min == plan.must.len() {
        // Words that are all in its name tell more of a product than such as are scattered over a description.
        let named = words(plan, step, Scope::Names, fields);
        clauses.push((Occur::Should, Box::new(ConstScoreQuery::new(named, plan.scoring.named))));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// Enough slots are met within a scope.
fn words(plan: &QueryPlan, step: Step, scope: Scope, fields: &Fields) -> Box<dyn Query> {
    let slots: Vec<Box<dyn Query>> =
        plan.must.iter().map(|met| slot(met, (step.doubt, scope), fields, &plan.scoring)).collect();
    if step.slots_min >= slots.len() {
        Box::new(BooleanQuery::intersection(slots))
    } else {
        Box::new(BooleanQuery::union_with_minimum_required_clauses(slots, step.slots_min))
    }
}

/// A slot pays for its best alternative in its best field, and a little for the others.
fn slot(slot: &Slot, (doubt, scope): (u8, Scope), fields: &Fields, scoring: &Scoring) -> Box<dyn Query> {
    let alts = slot.alts.iter().filter(|alt| alt.doubt <= doubt);
    let ways = alts.flat_map(|alt| match alt.terms.as_slice() {
        [term] => in_fields(term, (alt, scope), fields, scoring),
        terms => {
            let all = terms.iter().map(|term| {
                let anywhere = in_fields(term, (alt, scope), fields, scoring);
                let best: Box<dyn Query> =
                    Box::new(DisjunctionMaxQuery::with_tie_breaker(anywhere, scoring.tie));
                best
            });
            // Two words that stand for one are paid as one.
            let all = BooleanQuery::intersection(all.collect());
            vec![boosted(Box::new(all), 0.5)]
        }
    });
    Box::new(DisjunctionMaxQuery::with_tie_breaker(ways.collect(), scoring.tie))
}

fn in_fields(
    term: &str,
    (alt, scope): (&Alt, Scope),
    fields: &Fields,
    scoring: &Scoring,
) -> Vec<Box<dyn Query>> {
    let searched = Field::ALL.into_iter().filter(|field| scope.holds(*field, alt.kind));
    searched
        .filter_map(|field| {
            let term = Term::from_field_text(*fields.texts.get(&field)?, term);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            Some(boosted(Box::new(query), scoring.of(field) * alt.weight))
        })
        .collect()
}

fn boosted(query: Box<dyn Query>, boost: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}
