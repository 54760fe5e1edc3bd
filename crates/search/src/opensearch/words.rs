//! The words of a plan as clauses. Which products hold them is asked of two fields that hold all terms, without scores: few
//! clauses, kept by the server. What they score is asked of every field for itself, as the embedded engine does.

use serde_json::{Value, json};
use tradepost_port::search::plan::{Alt, AltKind, Field, QueryPlan, Scope, Slot, Step};

use super::query::{all, any, at_least, object, object_of, terms};
use crate::engine::field_name;

/// Clauses that score at most: a server takes no more than 1,024 in a query, and conditions are some of them.
const SCORING_CLAUSES_MAX: usize = 600;

/// The field of all terms but those of the description.
pub const NAMES: &str = "names";

/// What a multi-word alternative counts: two words that stand for one are paid as one.
const SPLIT_BOOST: f32 = 0.5;

/// Products that hold enough words of a step.
pub fn members(plan: &QueryPlan, step: Step) -> Value {
    let slots = plan.must.iter().map(|slot| holds(slot, step.doubt, Scope::Anywhere));
    at_least(step.slots_min, slots.collect())
}

fn is_trusted(kind: AltKind, scope: Scope) -> bool {
    scope.holds(Field::Description, kind)
}

/// Products that hold a word within a scope.
fn holds(slot: &Slot, doubt: u8, scope: Scope) -> Value {
    let (mut anywhere, mut in_names, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for alt in slot.alts.iter().filter(|alt| alt.doubt <= doubt) {
        match alt.terms.as_slice() {
            [term] => {
                in_names.push(term.clone());
                anywhere.extend(is_trusted(alt.kind, scope).then(|| term.clone()));
            }
            several => rest.push(all(several.iter().map(|term| holds_one(term, alt.kind, scope)).collect())),
        }
    }
    let mut clauses = vec![terms(NAMES, &in_names)];
    clauses.extend((!anywhere.is_empty()).then(|| terms(&path(Field::Description), &anywhere)));
    clauses.extend(rest);
    any(clauses)
}

fn holds_one(term: &str, kind: AltKind, scope: Scope) -> Value {
    let wanted = [term.to_owned()];
    let in_description = is_trusted(kind, scope).then(|| terms(&path(Field::Description), &wanted));
    any([terms(NAMES, &wanted)].into_iter().chain(in_description).collect())
}

fn path(field: Field) -> String {
    format!("words.{}", field_name(field))
}

/// Clauses that the products of a step score by; `documents` are all that there are.
pub fn scoring(plan: &QueryPlan, step: Step, documents: u64) -> Vec<Value> {
    let per_slot = SCORING_CLAUSES_MAX / Field::ALL.len() / plan.must.len().max(1);
    let mut clauses: Vec<Value> = plan
        .must
        .iter()
        .filter_map(|slot| pays(plan, slot, (step.doubt, per_slot), rarity(slot, documents)))
        .collect();
    if plan.must.len() > 1 && step.slots_min == plan.must.len() {
        // Words that are all in its name tell more of a product than such as are scattered over a description.
        let named = all(plan.must.iter().map(|slot| holds(slot, step.doubt, Scope::Names)).collect());
        clauses.push(json!({"constant_score": {"filter": named, "boost": plan.scoring.named}}));
    }
    clauses
}

/// How much a word says: BM25's, of the whole slot, so that no field and no misspelling has a rarity of its own.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "a weight of ranking; no money is near"
)]
fn rarity(slot: &Slot, documents: u64) -> f32 {
    let holding = slot.document_count.min(documents) as f32;
    let others = documents as f32 - holding;
    ((others + 0.5) / (holding + 0.5)).ln_1p()
}

/// A slot pays for its best alternative in its best field, and a little for the others.
fn pays(plan: &QueryPlan, slot: &Slot, (doubt, most): (u8, usize), rarity: f32) -> Option<Value> {
    let mut alts: Vec<&Alt> = slot.alts.iter().filter(|alt| alt.doubt <= doubt).collect();
    // The sort is stable: of those that weigh the same, the ones that were thought of first.
    alts.sort_by(|first, second| second.weight.total_cmp(&first.weight));
    let mut ways = Vec::new();
    let mut left = most;
    for alt in alts {
        left = left.saturating_sub(alt.terms.len().saturating_mul(Field::ALL.len()));
        if left == 0 && !ways.is_empty() {
            break;
        }
        match alt.terms.as_slice() {
            [term] => ways.extend(in_fields(plan, term, alt, rarity)),
            several => {
                let each = several.iter().map(|term| best(plan, in_fields(plan, term, alt, rarity)));
                ways.push(json!({"bool": {"must": each.collect::<Vec<_>>(), "boost": SPLIT_BOOST}}));
            }
        }
    }
    (!ways.is_empty()).then(|| best(plan, ways))
}

fn best(plan: &QueryPlan, ways: Vec<Value>) -> Value {
    let queries = ("queries", Value::Array(ways));
    object("dis_max", object_of([queries, ("tie_breaker", plan.scoring.tie.into())]))
}

#[expect(clippy::float_arithmetic, reason = "weights of ranking; no money is near")]
fn in_fields(plan: &QueryPlan, term: &str, alt: &Alt, rarity: f32) -> Vec<Value> {
    let searched = Field::ALL.into_iter().filter(|field| Scope::Anywhere.holds(*field, alt.kind));
    searched
        .map(|field| {
            let boost = plan.scoring.of(field) * alt.weight * rarity;
            json!({"term": {path(field): {"value": term, "boost": boost}}})
        })
        .collect()
}
