//! Puts the question of a listing to its shelf, or to the database where no shelf stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::product_query::{
    AttributeTest, Filter, Position, ProductHits, ProductQuery, Range, Sort,
};
use tradepost_domain::kernel::ids::{CategoryId, CollectionId};
use tradepost_domain::kernel::with_causes;
use tradepost_port::search::plan::{Page, Start, StepKind};
use tradepost_port::search::{
    Condition, Facet, FacetKey, Hit, Interpreted, SearchAnswer, SearchError, SearchRequest, Treatment,
};

use super::Shelves;
use super::facets::{FacetChoice, Facets, requests};
use super::fill::aside;
use super::standing::{Standing, finish};
use super::steer::course::{Course, LocalRule, Occasion};
use super::steer::rule::RuleBanner;
use super::views::{CorrectionView, FacetView, QueryView, StepView, UnderstoodView};
use crate::catalog::list_categories::Tree;
use crate::catalog::list_products::{ListProducts, ListProductsError};
use crate::catalog::{Catalog, Shopper};

/// Products a page where the database answers instead of a shelf.
const DEGRADED_LIMIT_MAX: u32 = 24;

/// A listing's question, with what its references mean.
pub(crate) struct Asked<'a> {
    pub(crate) command: &'a ListProducts,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) collection_id: Option<CollectionId>,
    pub(crate) after: Option<Position>,
    /// Who made the score that [`Self::after`] has, if it has one.
    pub(crate) scored_by: Option<Answerer>,
    /// Pins that the first page showed, where this is a later one.
    pub(crate) pins_shown: usize,
    /// The moment that rules are asked for.
    pub(crate) now: Timestamp,
}

impl Asked<'_> {
    fn occasion(&self) -> Occasion {
        Occasion { category: self.category_id, now: self.now, groups: self.command.groups.clone() }
    }
}

/// Who answers. The scores of the one say nothing to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Answerer {
    /// A shelf.
    #[default]
    Shelf,
    /// PostgreSQL.
    Database,
}

/// The answer.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) hits: ProductHits,
    /// Products a page: fewer than asked for where the answer is degraded.
    pub(crate) limit: u32,
    pub(crate) facets: Option<Vec<FacetView>>,
    pub(crate) query: Option<QueryView>,
    pub(crate) degraded: bool,
    pub(crate) by: Answerer,
    /// Pins that the first page showed.
    pub(crate) pins: usize,
    /// What rules of search lead to and show.
    pub(crate) redirect: Option<String>,
    pub(crate) banners: Vec<RuleBanner>,
    /// The hits of a shelf with their scores.
    pub(crate) listed: Vec<Hit>,
}

/// Finds the products of a listing.
pub(crate) async fn find(
    catalog: &Catalog,
    shopper: &Shopper,
    asked: &Asked<'_>,
) -> Result<Found, ListProductsError> {
    let Some(shelves) = &catalog.shelves else {
        let (hits, limit) = ask_database(catalog, shopper, asked, asked.command.limit).await?;
        return Ok(Found { hits, limit, by: Answerer::Database, ..Found::default() });
    };
    if let Some(standing) = shelves.get(&shopper.view()) {
        if asked.scored_by == Some(Answerer::Database) {
            return Err(ListProductsError::InvalidCursor);
        }
        match ask(shelves, &standing, asked).await? {
            Ok((answer, labels, course)) => {
                standing.is_here();
                let mut found = read(catalog, &standing, asked, answer, labels).await?;
                (found.redirect, found.banners) = (course.redirect, course.banners);
                return Ok(found);
            }
            Err(error @ SearchError::Unavailable(_)) => {
                tracing::warn!(error = with_causes(&error), "a search found nobody: the database answers");
                shelves.doubt(&standing, &error);
            }
            Err(SearchError::Misplaced) => return Err(ListProductsError::InvalidCursor),
            // One question that fails does not take the shelf from all others.
            Err(error @ SearchError::Failed(_)) => {
                tracing::error!(error = with_causes(&error), "a search failed: the database answers");
            }
        }
    }
    let limit = asked.command.limit.min(DEGRADED_LIMIT_MAX);
    let (hits, limit) = ask_database(catalog, shopper, asked, limit).await?;
    Ok(Found { hits, limit, degraded: true, by: Answerer::Database, ..Found::default() })
}

async fn ask_database(
    catalog: &Catalog,
    shopper: &Shopper,
    asked: &Asked<'_>,
    limit: u32,
) -> Result<(ProductHits, u32), ListProductsError> {
    let command = asked.command;
    // A shelf orders a question of conditions alone by what sells, and what sells by rules: the database never does.
    let by_score = command.text.is_some() && command.sort == Sort::Relevance;
    if asked.after.is_some() && asked.scored_by != by_score.then_some(Answerer::Database) {
        return Err(ListProductsError::InvalidCursor);
    }
    let query = ProductQuery {
        channel_id: shopper.channel.id,
        locale: shopper.locale.clone(),
        text: command.text.clone(),
        category_id: asked.category_id,
        collection_id: asked.collection_id,
        filters: command.filters.clone(),
        sort: command.sort,
        after: asked.after.clone(),
        limit,
        count: command.count,
    };
    Ok((catalog.search.search(&query).await?, limit))
}

/// What the keys of the requested facets are called, in the order of the facets.
pub(super) type Labels = Vec<Option<String>>;

/// What a shelf answers; the outer error is for those who find no place.
type Told = Result<Result<(SearchAnswer, Labels, Course), SearchError>, SearchError>;

async fn ask(shelves: &Shelves, standing: &Arc<Standing>, asked: &Asked<'_>) -> Told {
    let (mut request, labels) = request(standing, asked);
    let mut course = course(standing, &standing.rules(), &request, &asked.occasion());
    course.steer(&mut request, asked.pins_shown);
    // Most questions are answered in less time than it takes to hand them to another thread.
    if let Some(answer) = standing.shelf.glance(&request) {
        return Ok(Ok((answer, labels, course)));
    }
    // Too much for the shelves would be far too much for the database: whoever finds no place is not sent there.
    let place = shelves.place().await?;
    let standing = standing.clone();
    // Finding and counting may keep a thread busy for some ten milliseconds.
    let work = move || {
        let _place = place;
        Ok((finish(standing.shelf.search(&request))?, course))
    };
    Ok(aside(work).await.map(|(answer, course)| (answer, labels, course)))
}

/// What rules make of a request.
pub(super) fn course(
    standing: &Standing,
    rules: &[LocalRule],
    request: &SearchRequest,
    occasion: &Occasion,
) -> Course {
    if rules.is_empty() {
        return Course::default();
    }
    let words = request.text.as_ref().map(|text| standing.shelf.stems(text)).unwrap_or_default();
    Course::of(rules, &words, occasion)
}

/// The question without what rules make of it.
pub(super) fn request(standing: &Standing, asked: &Asked<'_>) -> (SearchRequest, Labels) {
    let command = asked.command;
    let mut filters = Vec::new();
    filters.extend(asked.category_id.map(|id| Condition::Category(vec![id])));
    filters.extend(asked.collection_id.map(|id| Condition::Collection(vec![id])));
    let mut groups: Vec<Condition> = Vec::new();
    for filter in &command.filters {
        let condition = Condition::Is(filter.clone());
        // One choice a facet; a second one of the same narrows it as any other condition. Where nothing is counted beside the
        // choices, all of them narrow what the engine looks at.
        let is_group = command.facets != FacetChoice::None
            && !groups.iter().any(|group| group.facet() == condition.facet());
        if is_group { &mut groups } else { &mut filters }.push(condition);
    }
    let (facets, labels) = if command.facets == FacetChoice::None {
        (Vec::new(), Labels::new())
    } else {
        let holding = standing.holding();
        let facets = requests(&command.facets, &command.filters, asked.category_id, &holding.keys);
        let labels = facets.iter().map(|request| holding.keys.label(&request.key())).collect();
        (facets, labels)
    };
    let start = asked.after.clone().map_or(Start::Offset(0), Start::After);
    let request = SearchRequest {
        text: command.text.clone(),
        filters,
        groups,
        facets,
        sort: command.sort,
        page: Page { start, limit: usize::try_from(command.limit).unwrap_or(usize::MAX) },
        // Who searches is always told how much there is.
        counted: command.count || command.understand,
        understand: command.understand,
        as_words: command.as_words.clone(),
        ..SearchRequest::default()
    };
    (request, labels)
}

/// Reads an answer as a listing tells it.
pub(super) async fn read(
    catalog: &Catalog,
    standing: &Standing,
    asked: &Asked<'_>,
    answer: SearchAnswer,
    labels: Labels,
) -> Result<Found, ListProductsError> {
    let command = asked.command;
    let SearchAnswer { hits, interpreted, corrections } = answer;
    let wants_facets = command.facets != FacetChoice::None;
    let tree = if wants_facets || !interpreted.is_empty() { Some(Tree::load(catalog).await?) } else { None };
    let facets = tree.as_ref().filter(|_| wants_facets).map(|tree| {
        let facets = Facets {
            are_named: matches!(command.facets, FacetChoice::Named(_)),
            chosen: &command.filters,
            tree,
            price_exponent: standing.name.price_exponent,
        };
        let each = hits.facets.into_iter().zip(labels);
        each.filter_map(|(facet, label): (Facet, _)| facets.view(facet, label)).collect()
    });
    let query = command.understand.then(|| QueryView {
        text: command.text.clone(),
        filters_applied: interpreted
            .iter()
            .filter(|found| found.treatment == Treatment::Filter)
            .map(|found| found.text.clone())
            .collect(),
        understood: interpreted.into_iter().map(|found| understood(found, tree.as_ref())).collect(),
        corrections: corrections.into_iter().map(|(typed, meant)| CorrectionView { typed, meant }).collect(),
        step: step(&hits.steps),
        relaxed: step(&hits.steps) == StepView::Relaxed,
    });
    // Whoever searches is always told how much there is: it has been counted anyway.
    let total = (command.count || command.understand).then_some(hits.total);
    let ids = hits.hits.iter().map(|hit| hit.id).collect();
    let listed = hits.hits.clone();
    let pinned = hits.hits.iter().filter(|hit| hit.pinned).count();
    let pins = if asked.after.is_some() { asked.pins_shown } else { pinned };
    let hits = ProductHits { ids, next: hits.next, total };
    Ok(Found { hits, limit: command.limit, facets, query, pins, listed, ..Found::default() })
}

/// The first step that found something: how the best products were found.
fn step(steps: &[(StepKind, u64)]) -> StepView {
    let taken = steps.iter().filter(|(_, count)| *count > 0).map(|(kind, _)| *kind);
    taken.min().unwrap_or(StepKind::Exact).into()
}

fn understood(found: Interpreted, tree: Option<&Tree>) -> UnderstoodView {
    let mut filters = BTreeMap::new();
    describe(&found.condition, tree, &mut filters);
    UnderstoodView { text: found.text, label: found.label, treatment: found.treatment.into(), filters }
}

/// The parameters of a listing that say the same as a condition, where there are such.
fn describe(condition: &Condition, tree: Option<&Tree>, into: &mut BTreeMap<String, String>) {
    let joined = |values: &mut dyn Iterator<Item = String>| {
        values.map(|value| value.replace('\\', "\\\\").replace(',', "\\,")).collect::<Vec<_>>().join(",")
    };
    let mut set = |key: &FacetKey, value: String| {
        into.insert(format!("filter[{}]", super::facets::name(key)), value);
    };
    let Some(key) = condition.facet() else { return };
    match condition {
        Condition::Is(Filter::Price(range)) => {
            let Range { gte, gt, lte, lt } = *range;
            for (bound, value) in [("gte", gte), ("gt", gt), ("lte", lte), ("lt", lt)] {
                if let Some(value) = value {
                    into.insert(format!("filter[price][{bound}]"), value.to_string());
                }
            }
        }
        Condition::Is(
            Filter::Brand(values)
            | Filter::ProductType(values)
            | Filter::Tag(values)
            | Filter::Option { values, .. },
        ) => set(&key, joined(&mut values.iter().cloned())),
        Condition::Is(Filter::Attribute { test: AttributeTest::AnyOf(values), .. }) => {
            let text =
                |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            set(&key, joined(&mut values.iter().map(text)));
        }
        Condition::Category(ids) => {
            let row = ids.first().and_then(|id| tree?.find(|row| row.id == *id));
            if let Some(row) = row {
                into.insert("category".to_owned(), row.handle.clone());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_described_as_a_listing_takes_it() {
        let described = |condition: Condition| {
            let mut filters = BTreeMap::new();
            describe(&condition, None, &mut filters);
            filters.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        let price = Filter::Price(Range { gte: Some(100), lte: Some(5000), ..Range::default() });
        assert_eq!(described(Condition::Is(price)), "filter[price][gte]=100&filter[price][lte]=5000");
        let color =
            Filter::Option { name: "color".to_owned(), values: vec!["red".to_owned(), "a,b".to_owned()] };
        assert_eq!(described(Condition::Is(color.clone())), "filter[option.color]=red,a\\,b");
        assert_eq!(described(Condition::Is(color).negated()), "");
    }

    #[test]
    fn the_step_is_the_first_that_found_something() {
        assert_eq!(step(&[(StepKind::Exact, 3), (StepKind::Relaxed, 9)]), StepView::Exact);
        assert_eq!(step(&[(StepKind::Exact, 0), (StepKind::Relaxed, 2)]), StepView::Relaxed);
        assert_eq!(step(&[]), StepView::Exact);
    }
}
