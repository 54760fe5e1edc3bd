//! Asks a shelf with and without rules, and what each rule does.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::{Page, Pin};
use tradepost_port::search::{Condition, Hits, SearchAnswer, SearchError, SearchRequest};

use super::named;
use super::parts::parts;
use super::view::{PreviewPersonal, PreviewRule, PreviewScore};
use crate::search::standing::{Standing, finish};
use crate::search::steer::course::{Course, selected};
use crate::search::steer::rule::{RulePin, SearchRuleView};

/// What a shelf told.
pub(super) struct Seen {
    pub(super) answer: SearchAnswer,
    /// Without rules.
    pub(super) plain: Hits,
    pub(super) hidden: Vec<(ProductId, PreviewRule)>,
    pub(super) course: Course,
    pub(super) pinned_by: HashMap<ProductId, PreviewRule>,
    /// The boosts of each rule, with the products of the page that they hold for.
    pub(super) boosts: Vec<(PreviewRule, u16, HashSet<ProductId>)>,
    pub(super) parts: HashMap<ProductId, PreviewScore>,
    /// Filled by whoever knows of a shopper.
    pub(super) personal: HashMap<ProductId, PreviewPersonal>,
}

fn ask(standing: &Standing, request: &SearchRequest) -> Result<SearchAnswer, SearchError> {
    finish(standing.shelf.search(request))
}

fn ids(hits: &Hits) -> Vec<ProductId> {
    hits.hits.iter().map(|hit| hit.id).collect()
}

/// Those of some products that meet a condition.
fn meeting(
    standing: &Standing,
    among: &[ProductId],
    condition: Condition,
) -> Result<HashSet<ProductId>, SearchError> {
    if among.is_empty() {
        return Ok(HashSet::new());
    }
    let filters = vec![Condition::Product(among.to_vec()), condition];
    let page = Page::new(0, among.len());
    let request = SearchRequest { filters, page, understand: false, ..SearchRequest::default() };
    Ok(ids(&ask(standing, &request)?.hits).into_iter().collect())
}

/// Asks with and without rules. It works on the thread that calls.
pub(super) fn look(
    standing: &Standing,
    request: &SearchRequest,
    mut course: Course,
) -> Result<Seen, SearchError> {
    let plain = ask(standing, request)?;
    let mut steered = request.clone();
    course.steer(&mut steered, 0);
    let answer = ask(standing, &steered)?;
    let opposites = steered.demands.iter().cloned().map(Condition::negated).collect();
    let left_out =
        ask(standing, &SearchRequest { demands: vec![Condition::Any(opposites)], ..request.clone() })?;
    // With words that were read in another way other products are found than without rules.
    let is_same = left_out.interpreted == plain.interpreted;
    let left_out = if is_same { ids(&left_out.hits) } else { Vec::new() };
    let shown = ids(&answer.hits);
    let mut boosts = Vec::new();
    for rule in &course.applied {
        for boost in &rule.fields.boosts {
            let products = meeting(standing, &shown, selected(&boost.products))?;
            boosts.push((named(rule), boost.percent, products));
        }
    }
    Ok(Seen {
        plain: plain.hits,
        hidden: hidden(standing, &course, &left_out)?,
        pinned_by: pinned_by(&course, &answer.hits, steered.pins_within),
        boosts,
        personal: HashMap::new(),
        parts: parts(standing, request, &answer.hits.hits)?,
        answer,
        course,
    })
}

/// The first rule that leaves each of these products out.
fn hidden(
    standing: &Standing,
    course: &Course,
    left_out: &[ProductId],
) -> Result<Vec<(ProductId, PreviewRule)>, SearchError> {
    let mut by: HashMap<ProductId, PreviewRule> = HashMap::new();
    for rule in &course.applied {
        let only = rule.fields.only.as_ref();
        let allowed = only.map(|only| meeting(standing, left_out, selected(only))).transpose()?;
        for id in left_out {
            let is_out = rule.fields.hide_product_ids.contains(id)
                || allowed.as_ref().is_some_and(|allowed| !allowed.contains(id));
            if is_out {
                by.entry(*id).or_insert_with(|| named(rule));
            }
        }
    }
    Ok(left_out.iter().filter_map(|id| Some((*id, by.remove(id)?))).collect())
}

/// The rules that pins of a page are of.
fn pinned_by(course: &Course, hits: &Hits, within: usize) -> HashMap<ProductId, PreviewRule> {
    let shown: HashSet<ProductId> = hits.hits.iter().filter(|hit| hit.pinned).map(|hit| hit.id).collect();
    let of_rule = |rule: &Arc<SearchRuleView>| {
        let name = named(rule);
        let pin = move |pin: &RulePin| (pin.pin(), (pin.product_id, name.clone()));
        rule.fields.pins.iter().map(pin).collect::<Vec<_>>()
    };
    let candidates = course.applied.iter().flat_map(of_rule).filter(|(pin, _)| shown.contains(&pin.id));
    Pin::settle(candidates, within).into_iter().map(|(_, told)| told).collect()
}
