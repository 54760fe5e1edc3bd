//! An engine that is too simple to be wrong: it looks at every product for every question, and counts a facet by asking, for
//! each value, how many products would be found if it were chosen.
//!
//! Real engines are held to it: they must find the same products at the same steps, count the same, and order the same by
//! anything but relevance. How they order products by relevance within a step is theirs, since their scores know of lengths
//! and frequencies.

mod facets;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::BoxFuture;
use tradepost_port::search::document::SearchVariant;
use tradepost_port::search::plan::{
    Alt, Boost, Collapse, Pin, QueryPlan, Scope, Slot, Start, Step, StepKind,
};
use tradepost_port::search::{
    AttributeTest, Capabilities, Change, ChangeKind, Condition, Filter, Hit, Hits, IndexDocument, Position,
    Range, SearchDocument, SearchEngine, SearchError, Sort, SortKey,
};

/// Products in memory, as they came.
#[derive(Debug, Default)]
pub struct Oracle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    products: BTreeMap<ProductId, IndexDocument>,
    sequence: i64,
}

/// A product that was found, with its score and the number of its step.
#[derive(Clone, Copy)]
struct Found<'a> {
    product: &'a IndexDocument,
    score: f32,
    place: usize,
    step: StepKind,
}

impl Oracle {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows a plan.
    pub fn follow(&self, plan: &QueryPlan) -> Hits {
        let state = self.state();
        let conditions: Vec<&Condition> = plan.filters.iter().chain(&plan.groups).collect();
        let (looked_at, taken) = state.look(plan, &conditions);
        let (pins, kept_out) = pins(plan, &state, &conditions);
        let is_pinned = |id: ProductId| pins.iter().any(|(_, product)| product.document.id == id);
        let mut steps: Vec<(StepKind, u64)> = taken.into_iter().map(|step| (step, 0)).collect();
        let meeting = looked_at.iter().filter(|found| meets(&found.product.document, &conditions));
        let mut listed: Vec<Found<'_>> = meeting.copied().collect();
        for found in &listed {
            if let Some((_, count)) = steps.get_mut(found.place) {
                *count = count.saturating_add(1);
            }
        }
        listed.retain(|found| !is_pinned(found.product.document.id));
        let total = count_of(listed.len().saturating_add(pins.len()));
        listed.sort_by(|first, second| compare(plan, first, second));
        if let Some(collapse) = &plan.collapse {
            thin_out(&mut listed, &pins, collapse);
        }
        let counted: Vec<&SearchDocument> = looked_at
            .iter()
            .map(|found| &found.product.document)
            .filter(|document| {
                !is_pinned(document.id) && kept_out.iter().all(|other| other.id != document.id)
            })
            .chain(pins.iter().map(|(_, product)| &product.document))
            .chain(kept_out.iter().copied())
            .collect();
        let facets = plan.facets.iter().map(|request| facets::count(request, plan, &counted)).collect();
        let (hits, next) = page(plan, listed, &pins);
        Hits { hits, total, steps, facets, next, sequence: state.sequence }
    }
}

impl State {
    /// Every product that holds the words of a step that was taken, each once, and the steps that were.
    fn look<'a>(&'a self, plan: &QueryPlan, conditions: &[&Condition]) -> (Vec<Found<'a>>, Vec<StepKind>) {
        if plan.must.is_empty() {
            let all = self.products.values();
            let found = |product| Found { product, score: 0.0, place: 0, step: StepKind::Exact };
            return (all.map(found).collect(), vec![StepKind::Exact]);
        }
        let mut found: Vec<Found<'a>> = Vec::new();
        let mut taken = Vec::new();
        for step in &plan.relax {
            let met = found.iter().filter(|found| meets(&found.product.document, conditions)).count();
            if met >= step.if_fewer_than {
                continue;
            }
            let place = taken.len();
            taken.push(step.kind);
            for product in self.products.values() {
                let is_new = found.iter().all(|other| other.product.document.id != product.document.id);
                if let Some(score) = score(product, plan, *step).filter(|_| is_new) {
                    found.push(Found { product, score, place, step: step.kind });
                }
            }
        }
        (found, taken)
    }
}

/// Whether a product meets all conditions, those on variants with one and the same variant.
fn meets(document: &SearchDocument, conditions: &[&Condition]) -> bool {
    let (sold_out, rest): (Vec<&Condition>, Vec<&Condition>) =
        conditions.iter().partition(|condition| wants_sold_out(condition));
    let (about_variants, about_product): (Vec<&Condition>, Vec<&Condition>) =
        rest.into_iter().partition(|condition| condition.is_about_variants());
    let meeting = |variant: &&SearchVariant| {
        about_variants.iter().all(|condition| holds(condition, document, Some(variant)))
    };
    let variants: Vec<&SearchVariant> = document.variants.iter().filter(meeting).collect();
    about_product.iter().all(|condition| holds(condition, document, None))
        && (about_variants.is_empty() || !variants.is_empty())
        && (sold_out.is_empty() || !variants.iter().any(|variant| variant.in_stock))
}

fn wants_sold_out(condition: &Condition) -> bool {
    match condition {
        Condition::Is(Filter::InStock(wanted)) => !wanted,
        Condition::Not(inner) => matches!(inner.as_ref(), Condition::Is(Filter::InStock(true))),
        _ => false,
    }
}

fn holds(condition: &Condition, document: &SearchDocument, variant: Option<&SearchVariant>) -> bool {
    let one_of =
        |wanted: &[String], handle: Option<&String>| handle.is_some_and(|handle| wanted.contains(handle));
    match condition {
        Condition::Is(Filter::Brand(wanted)) => {
            one_of(wanted, document.brand.as_ref().map(|brand| &brand.handle))
        }
        Condition::Is(Filter::ProductType(wanted)) => {
            one_of(wanted, document.product_type.as_ref().map(|kind| &kind.handle))
        }
        Condition::Is(Filter::Tag(wanted)) => document.tags.iter().any(|tag| wanted.contains(tag)),
        Condition::Is(Filter::Option { name, values }) => variant.is_some_and(|variant| {
            let named = variant.options.iter().filter(|option| option.name.to_lowercase() == *name);
            named.map(|option| option.value.to_lowercase()).any(|value| values.contains(&value))
        }),
        Condition::Is(Filter::Attribute { path, test }) => {
            attribute(document, path).iter().any(|value| passes(test, value))
        }
        Condition::Is(Filter::Price(range)) => variant.is_some_and(|variant| within(range, variant.price)),
        Condition::Is(Filter::InStock(wanted)) => variant.is_some_and(|variant| variant.in_stock == *wanted),
        Condition::Is(Filter::Rating(range)) => within(range, document.rating_hundredths),
        Condition::Category(ids) => document.categories.iter().any(|category| ids.contains(&category.id)),
        Condition::Collection(ids) => document.collections.iter().any(|id| ids.contains(id)),
        Condition::Product(ids) => ids.contains(&document.id),
        Condition::Any(all) => all.iter().any(|inner| holds(inner, document, variant)),
        Condition::Not(inner) => !holds(inner, document, variant),
    }
}

/// The values of an attribute: itself, or its items.
fn attribute<'a>(document: &'a SearchDocument, path: &[String]) -> Vec<&'a Value> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let value = rest.iter().try_fold(document.attributes.get(first), |value, key| Some(value?.get(key)));
    match value.flatten() {
        Some(Value::Array(items)) => {
            items.iter().filter(|item| !item.is_array() && !item.is_object()).collect()
        }
        Some(Value::Object(_)) | None => Vec::new(),
        Some(scalar) => vec![scalar],
    }
}

fn passes(test: &AttributeTest, value: &Value) -> bool {
    match test {
        AttributeTest::AnyOf(wanted) => wanted.iter().any(|wanted| equal(wanted, value)),
        AttributeTest::Within(range) => value.as_f64().is_some_and(|value| within(range, value)),
    }
}

/// Numbers are equal however they are written.
fn equal(first: &Value, second: &Value) -> bool {
    match (first.as_f64(), second.as_f64()) {
        (Some(first), Some(second)) => first.total_cmp(&second) == Ordering::Equal,
        _ => first == second,
    }
}

fn within<T: PartialOrd + Copy>(range: &Range<T>, value: T) -> bool {
    let Range { gte, gt, lte, lt } = *range;
    !(gte.is_some_and(|bound| value < bound)
        || gt.is_some_and(|bound| value <= bound)
        || lte.is_some_and(|bound| value > bound)
        || lt.is_some_and(|bound| value >= bound))
}

/// The score of a product, if it meets enough slots of a step.
fn score(product: &IndexDocument, plan: &QueryPlan, step: Step) -> Option<f32> {
    let met: Vec<f32> = plan.must.iter().filter_map(|met| slot(product, plan, met, step)).collect();
    (met.len() >= step.slots_min).then(|| met.iter().sum())
}

fn slot(product: &IndexDocument, plan: &QueryPlan, slot: &Slot, step: Step) -> Option<f32> {
    let alts = slot.alts.iter().filter(|alt| alt.doubt <= step.doubt);
    alts.filter_map(|met| alt(product, plan, met)).max_by(f32::total_cmp)
}

#[expect(clippy::float_arithmetic, reason = "scores; no money is near")]
fn alt(product: &IndexDocument, plan: &QueryPlan, alt: &Alt) -> Option<f32> {
    let best = |term: &String| {
        let searched = product.terms.iter().filter(|(field, _)| Scope::Anywhere.holds(*field, alt.kind));
        let holding = searched.filter(|(_, terms)| terms.iter().any(|other| other.text == *term));
        holding.map(|(field, _)| plan.scoring.of(*field)).max_by(f32::total_cmp)
    };
    let each: Option<Vec<f32>> = alt.terms.iter().map(best).collect();
    Some(alt.weight * each?.into_iter().min_by(f32::total_cmp)?)
}

/// Pins by their places.
type Pinned<'a> = Vec<(usize, &'a IndexDocument)>;

/// Products with a place of their own, by it, and those that only a choice keeps from one: these count for the facet of that choice.
fn pins<'a>(
    plan: &QueryPlan,
    state: &'a State,
    conditions: &[&Condition],
) -> (Pinned<'a>, Vec<&'a SearchDocument>) {
    if plan.sort != Sort::Relevance {
        return Default::default();
    }
    let filters: Vec<&Condition> = plan.filters.iter().collect();
    let known = plan.pins.iter().filter_map(|pin| Some((*pin, state.products.get(&pin.id)?)));
    let (fit, unfit): (Vec<_>, Vec<_>) = known
        .filter(|(_, product)| meets(&product.document, &filters))
        .partition(|(_, product)| meets(&product.document, conditions));
    let kept_out: BTreeMap<ProductId, &SearchDocument> =
        unfit.into_iter().map(|(pin, product)| (pin.id, &product.document)).collect();
    (Pin::settle(fit, plan.pins_within), kept_out.into_values().collect())
}

/// The key that a list is ordered by.
fn key(plan: &QueryPlan, found: &Found<'_>) -> SortKey {
    let document = &found.product.document;
    match plan.sort {
        Sort::Relevance if !plan.must.is_empty() || !plan.boosts.is_empty() => {
            SortKey::Score(rank(plan, found))
        }
        Sort::Relevance | Sort::BestSelling => SortKey::Integer(document.popularity),
        Sort::Newest => SortKey::Time(document.published_at),
        Sort::PriceAscending | Sort::PriceDescending => {
            SortKey::Integer(document.prices().map(|(min, _)| min).unwrap_or_default())
        }
        Sort::Name => SortKey::Text(document.title_sort.clone()),
        Sort::Rating => SortKey::Integer(document.rating_hundredths),
    }
}

/// Earlier steps first, then the score, raised and sunk by boosts.
#[expect(clippy::float_arithmetic, reason = "scores; no money is near")]
fn rank(plan: &QueryPlan, found: &Found<'_>) -> f32 {
    let document = &found.product.document;
    let boosts = plan.boosts.iter().filter(|boost| meets(document, &[&boost.condition]));
    let factor = Boost::product(boosts.map(|boost| boost.factor));
    let place = f32::from(u8::try_from(found.place).unwrap_or(u8::MAX));
    let score = (found.score + 1.0) * factor;
    score / (score + 100.0) - place
}

fn against(
    plan: &QueryPlan,
    (first, first_id): (&SortKey, ProductId),
    second: (&SortKey, ProductId),
) -> Ordering {
    let ascending = matches!(plan.sort, Sort::PriceAscending | Sort::Name);
    let by_key = match (first, second.0) {
        (SortKey::Score(first), SortKey::Score(second)) => first.total_cmp(second),
        (SortKey::Integer(first), SortKey::Integer(second)) => first.cmp(second),
        (SortKey::Text(first), SortKey::Text(second)) => first.cmp(second),
        (SortKey::Time(first), SortKey::Time(second)) => first.cmp(second),
        _ => Ordering::Equal,
    };
    let order = by_key.then(first_id.cmp(&second.1));
    if ascending { order } else { order.reverse() }
}

fn compare(plan: &QueryPlan, first: &Found<'_>, second: &Found<'_>) -> Ordering {
    let first = (&key(plan, first), first.product.document.id);
    against(plan, first, (&key(plan, second), second.product.document.id))
}

fn thin_out(listed: &mut Vec<Found<'_>>, pins: &[(usize, &IndexDocument)], collapse: &Collapse) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut keeps = |document: &SearchDocument| {
        let Some(value) = facets::names(document, &collapse.key).into_iter().min() else { return true };
        let count = counts.entry(value).or_default();
        *count = count.saturating_add(1);
        *count <= collapse.keep
    };
    for (_, product) in pins {
        keeps(&product.document);
    }
    listed.retain(|found| keeps(&found.product.document));
}

fn page(
    plan: &QueryPlan,
    mut listed: Vec<Found<'_>>,
    pins: &[(usize, &IndexDocument)],
) -> (Vec<Hit>, Option<Position>) {
    let (offset, pins) = match &plan.page.start {
        Start::Offset(offset) => (*offset, pins),
        Start::After(after) => {
            listed.retain(|found| {
                let here = key(plan, found);
                against(plan, (&here, found.product.document.id), (&after.key, after.id)) == Ordering::Greater
            });
            (0, [].as_slice())
        }
    };
    let mut all: Vec<(Found<'_>, bool)> = listed.into_iter().map(|found| (found, false)).collect();
    let step = plan.relax.first().map_or(StepKind::Exact, |step| step.kind);
    for (place, product) in pins {
        let pin = Found { product, score: 0.0, place: 0, step };
        all.insert((*place).min(all.len()), (pin, true));
    }
    let end = offset.saturating_add(plan.page.limit);
    let has_more = all.len() > end;
    let shown: Vec<(Found<'_>, bool)> = all.into_iter().take(end).collect();
    let last = shown.iter().rev().find(|(_, pinned)| !pinned);
    let next = (has_more && plan.page.limit > 0).then(|| match last {
        Some((found, _)) => Position { key: key(plan, found), id: found.product.document.id },
        None => Position::before_all(!plan.must.is_empty() || !plan.boosts.is_empty()),
    });
    let hits = shown.iter().skip(offset).map(|(found, pinned)| Hit {
        id: found.product.document.id,
        score: found.score,
        step: found.step,
        pinned: *pinned,
    });
    (hits.collect(), next)
}

fn count_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl SearchEngine for Oracle {
    fn apply(&self, changes: Vec<Change<IndexDocument>>) -> BoxFuture<'_, Result<i64, SearchError>> {
        Box::pin(async move {
            let mut state = self.state();
            for change in changes {
                state.sequence = state.sequence.max(change.sequence);
                match change.kind {
                    ChangeKind::Upsert(product) => {
                        state.products.insert(change.id, *product);
                    }
                    ChangeKind::Live(live) => {
                        if let Some(product) = state.products.get_mut(&change.id) {
                            product.document.take(&live);
                        }
                    }
                    ChangeKind::Delete => {
                        state.products.remove(&change.id);
                    }
                }
            }
            Ok(state.sequence)
        })
    }

    fn durable_sequence(&self) -> i64 {
        0
    }

    fn wait_visible(&self, _sequence: i64) -> BoxFuture<'_, Result<(), SearchError>> {
        // What is applied is visible; nobody waits for what was not sent.
        Box::pin(async { Ok(()) })
    }

    fn search<'a>(&'a self, plan: &'a QueryPlan) -> BoxFuture<'a, Result<Hits, SearchError>> {
        Box::pin(async move { Ok(self.follow(plan)) })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "oracle", visible_when_applied: true, durable: false }
    }
}
