//! A plan, step by step: each step is one request for what no step before found, so that counts add up and lists follow each other.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::{Boost, Pin, QueryPlan, Start, Step, StepKind};
use tradepost_port::search::{Condition, Hit, Hits, Position, Sort};

use super::client::OpenSearchError;
use super::conditions::{Asked, meets};
use super::entry::{id_of, key_of};
use super::facets::Counting;
use super::order::{Listed, Order, SCORE_LEAST, SCORE_MOST, first_value, score, thin_out};
use super::query::{Bool, Search, any, at, everything, term, terms};
use super::{OpenSearch, Statistics, WINDOW_MAX, words};

/// Hits of a chunk, where it is not known how many will be left.
const CHUNK: usize = 1_000;

/// What a pin is marked by that meets all conditions.
const FITS: &str = "fits";

/// The answer to a search.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// Whether some of it is missing, for lack of time.
    pub timed_out: bool,
    /// What was found.
    pub hits: Found,
    /// What was counted.
    #[serde(default)]
    pub aggregations: Value,
}

/// What was found.
#[derive(Debug, Deserialize)]
pub struct Found {
    /// How many there are, where that was asked.
    #[serde(default)]
    pub total: Total,
    /// Those that were asked for.
    pub hits: Vec<FoundHit>,
}

/// How many products were found.
#[derive(Debug, Default, Deserialize)]
pub struct Total {
    /// The count; exact.
    pub value: u64,
}

/// A product that was found.
#[derive(Debug, Deserialize)]
pub struct FoundHit {
    /// Its key.
    #[serde(rename = "_id")]
    pub id: String,
    /// The sequence that it was written under, where that was asked.
    #[serde(rename = "_version", default)]
    pub version: i64,
    /// What it was sorted by.
    #[serde(default)]
    pub sort: Vec<Value>,
    #[serde(default)]
    matched_queries: Vec<String>,
    /// Columns that were asked for.
    #[serde(default)]
    pub fields: Value,
    /// What was stored, where it was asked for.
    #[serde(rename = "_source", default)]
    pub source: Value,
}

/// The state of a search.
pub struct Following<'a> {
    engine: &'a OpenSearch,
    plan: &'a QueryPlan,
    order: Order,
    statistics: Statistics,
    counting: Counting<'a>,
    /// Everything that is asked of all hits but their words.
    base: Vec<Value>,
    pins: Vec<Pinned>,
    /// Keys of pins, and of products that only a choice keeps from being one: those of them count for the facet of that choice.
    set_apart: Vec<String>,
    /// What holds the words of the steps that were taken.
    members: Vec<Value>,
    listed: Vec<Listed>,
    steps: Vec<(StepKind, u64)>,
    total: u64,
}

/// A product with a place of its own.
struct Pinned {
    place: usize,
    listed: Listed,
    /// Places of the steps whose words it holds.
    holds: BTreeSet<usize>,
}

/// One request.
struct Ask {
    query: Value,
    kind: StepKind,
    steps_after: u32,
}

impl<'a> Following<'a> {
    /// Begins to follow a plan.
    pub fn new(engine: &'a OpenSearch, plan: &'a QueryPlan, statistics: Statistics) -> Self {
        let filters = Asked::of(&plan.filters);
        Self {
            engine,
            plan,
            order: Order::of(plan),
            statistics,
            counting: Counting::new(plan),
            base: vec![term("shelved", true), filters.but_for_stock()],
            pins: Vec::new(),
            set_apart: Vec::new(),
            members: Vec::new(),
            listed: Vec::new(),
            steps: Vec::new(),
            total: 0,
        }
    }

    /// Follows it to the end.
    pub async fn finish(mut self) -> Result<Hits, OpenSearchError> {
        if self.plan.sort == Sort::Relevance && !self.plan.pins.is_empty() {
            self.find_pins().await?;
        }
        if self.plan.must.is_empty() {
            let query = self.query(everything(), None);
            self.take(&Ask { query, kind: StepKind::Exact, steps_after: 0 }).await?;
            self.members.push(everything());
            self.count_pins(self.pins.len());
        } else {
            self.take_steps().await?;
        }
        let pins = u64::try_from(self.pins.len()).unwrap_or(u64::MAX);
        let histograms = self.counting.histograms();
        if let Some(asked) = histograms {
            let query = Some(self.looked_at());
            let search = Search { query, aggs: Some(asked), ..Search::default() };
            self.counting.take_histograms(&self.engine.ask(&search).await?.aggregations);
        }
        let total = self.total.saturating_add(pins);
        let (hits, next) = self.page();
        let (steps, facets) = (self.steps, self.counting.finish());
        Ok(Hits { hits, total, steps, facets, next, sequence: 0 })
    }

    async fn take_steps(&mut self) -> Result<(), OpenSearchError> {
        let mut met = 0;
        let mut met_pins: BTreeSet<usize> = BTreeSet::new();
        for (place, step) in self.plan.relax.iter().enumerate() {
            if met >= step.if_fewer_than {
                continue;
            }
            let members = words::members(self.plan, *step);
            let query = self.query(members.clone(), Some(*step));
            let steps_after = u32::try_from(self.plan.relax.len().saturating_sub(place)).unwrap_or(u32::MAX);
            self.take(&Ask { query, kind: step.kind, steps_after }).await?;
            let pins = self.pins.iter().enumerate().filter(|(_, pin)| pin.holds.contains(&place));
            let before = met_pins.len();
            met_pins.extend(pins.map(|(number, _)| number));
            self.count_pins(met_pins.len().saturating_sub(before));
            met = usize::try_from(self.total).unwrap_or(usize::MAX).saturating_add(met_pins.len());
            self.members.push(members);
        }
        Ok(())
    }

    /// Pins whose words the last step meets.
    fn count_pins(&mut self, pins: usize) {
        if let Some((_, count)) = self.steps.last_mut() {
            *count = count.saturating_add(u64::try_from(pins).unwrap_or(u64::MAX));
        }
    }

    /// All conditions, those in facets too.
    fn conditions(&self) -> impl Iterator<Item = &'a Condition> + use<'a> {
        self.plan.filters.iter().chain(&self.plan.groups)
    }

    /// Products that pins are of; they must meet all conditions, and need not hold the words. What only a choice keeps from being one is
    /// counted as if it were.
    async fn find_pins(&mut self) -> Result<(), OpenSearchError> {
        let keys: Vec<String> = self.plan.pins.iter().map(|pin| key_of(pin.id)).collect();
        let holds = self.plan.relax.iter().enumerate().map(|(place, step)| {
            json!({"bool": {"filter": [words::members(self.plan, *step)], "_name": place.to_string()}})
        });
        let fits = json!({"bool": {"filter": [meets(self.conditions())], "_name": FITS}});
        let mut filter = self.base.clone();
        filter.push(terms("product", &keys));
        let query = Bool { filter, should: holds.chain([fits]).collect(), ..Bool::default() };
        let search = Search {
            size: keys.len(),
            query: Some(query.into()),
            sort: Some(json!(["product"])),
            docvalue_fields: self.columns(),
            ..Search::default()
        };
        let found = self.engine.ask(&search).await?.hits.hits;
        let is_fit = |hit: &FoundHit| hit.matched_queries.iter().any(|name| name == FITS);
        let hit_of = |pin: &Pin| {
            let key = key_of(pin.id);
            found.iter().find(|hit| is_fit(hit) && hit.id == key).map(|hit| (*pin, (pin.id, hit)))
        };
        let settled = Pin::settle(self.plan.pins.iter().filter_map(hit_of), self.plan.pins_within);
        self.pins = settled.into_iter().map(|(place, (id, hit))| self.pin(place, id, hit)).collect();
        let pinned = self.pins.iter().map(|pin| key_of(pin.listed.id));
        let kept_out = found.iter().filter(|hit| !is_fit(hit)).map(|hit| hit.id.clone());
        self.set_apart = pinned.chain(kept_out).collect();
        if !self.plan.facets.is_empty() && !self.set_apart.is_empty() {
            let mut filter = self.base.clone();
            filter.push(terms("product", &self.set_apart));
            let query = Some(Bool { filter, ..Bool::default() }.into());
            let aggs = Some(self.counting.aggregations());
            let answer = self.engine.ask(&Search { query, aggs, ..Search::default() }).await?;
            self.counting.take(&answer.aggregations);
        }
        Ok(())
    }

    fn pin(&self, place: usize, id: ProductId, hit: &FoundHit) -> Pinned {
        let listed = Listed {
            id,
            key: self.order.key(&Value::Null, 0),
            score: 0.0,
            step: self.plan.relax.first().map_or(StepKind::Exact, |step| step.kind),
            value: self.common_value(hit),
        };
        let holds = hit.matched_queries.iter().filter_map(|name| name.parse().ok()).collect();
        Pinned { place, listed, holds }
    }

    /// Everything that was counted: pins, and what holds the words of any step that was taken.
    fn looked_at(&self) -> Value {
        let mut filter = self.base.clone();
        filter.push(any(vec![terms("product", &self.set_apart), any(self.members.clone())]));
        Bool { filter, ..Bool::default() }.into()
    }

    /// What holds the words of a step and of none before, and is no pin; with its scores, if they are asked for.
    fn query(&self, members: Value, step: Option<Step>) -> Value {
        let mut filter = self.base.clone();
        filter.push(members);
        let mut must_not = self.members.clone();
        must_not.extend((!self.set_apart.is_empty()).then(|| terms("product", &self.set_apart)));
        let mut query = Bool { filter, must_not, ..Bool::default() };
        if self.order != Order::Rank {
            return query.into();
        }
        let scores = match step {
            Some(step) => {
                query.should = words::scoring(self.plan, step, self.statistics.documents);
                self.by_popularity(query.into())
            }
            None => json!({"function_score": {
                "query": Value::from(query),
                "functions": [{"weight": 1}, {"field_value_factor": {"field": "sold", "modifier": "ln1p"}}],
                "score_mode": "sum",
                "boost_mode": "replace",
            }}),
        };
        self.by_boosts(scores)
    }

    /// The best selling product is so much better than one that nobody buys.
    #[expect(
        clippy::float_arithmetic,
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a weight of ranking; no money is near"
    )]
    fn by_popularity(&self, query: Value) -> Value {
        if self.statistics.popularity_max <= 0 || self.plan.scoring.popularity <= 0.0 {
            return query;
        }
        let factor = self.plan.scoring.popularity / self.statistics.popularity_max as f32;
        json!({"function_score": {
            "query": query,
            "functions": [{"weight": 1}, {"field_value_factor": {"field": "sold", "factor": factor}}],
            "score_mode": "sum",
            "boost_mode": "multiply",
        }})
    }

    fn by_boosts(&self, query: Value) -> Value {
        if self.plan.boosts.is_empty() {
            return query;
        }
        let functions = self
            .plan
            .boosts
            .iter()
            .map(|boost| json!({"filter": meets([&boost.condition]), "weight": boost.factor.max(0.0)}));
        let boosted = json!({"function_score": {
            "query": query,
            "functions": functions.collect::<Vec<_>>(),
            "score_mode": "multiply",
            "boost_mode": "multiply",
            "max_boost": Boost::MOST,
        }});
        // What is beyond a rank could not be gone on from.
        let bounded = |query: Value, bound: f32, mode: &str| json!({"function_score": {"query": query, "functions": [{"weight": bound}], "boost_mode": mode}});
        bounded(bounded(boosted, SCORE_LEAST, "max"), SCORE_MOST, "min")
    }

    /// Sends a request with its counts, and lists what it found.
    async fn take(&mut self, ask: &Ask) -> Result<(), OpenSearchError> {
        let (size, after) = self.window(ask);
        let is_narrowed = !self.plan.groups.is_empty() || Asked::of(&self.plan.filters).wants_sold_out();
        let mut search = Search {
            size,
            track_total_hits: true,
            query: Some(ask.query.clone()),
            post_filter: is_narrowed.then(|| meets(self.conditions())),
            sort: Some(self.order.sort()),
            after,
            aggs: (!self.plan.facets.is_empty()).then(|| self.counting.aggregations()),
            docvalue_fields: self.columns(),
            ..Search::default()
        };
        let answer = self.engine.ask(&search).await?;
        self.counting.take(&answer.aggregations);
        let found = answer.hits.total.value;
        let mut last = self.list(&answer, ask);
        (search.track_total_hits, search.aggs) = (false, None);
        while let (true, Some(last_sort)) = (self.plan.collapse.is_some() && !self.enough(), last) {
            (search.size, search.after) = (CHUNK, Some(last_sort));
            let answer = self.engine.ask(&search).await?;
            last = self.list(&answer, ask);
        }
        self.total = self.total.saturating_add(found);
        self.steps.push((ask.kind, found));
        Ok(())
    }

    /// Columns that tell what hits have in common, where that matters.
    fn columns(&self) -> &'static [&'static str] {
        if self.plan.collapse.is_some() { &["values"] } else { &[] }
    }

    /// Lists the hits of an answer, and says what the last one was sorted by.
    fn list(&mut self, answer: &Answer, ask: &Ask) -> Option<Value> {
        let listed: Vec<Listed> = answer.hits.hits.iter().filter_map(|hit| self.listed(hit, ask)).collect();
        self.listed.extend(listed);
        answer.hits.hits.last().map(|hit| Value::Array(hit.sort.clone()))
    }

    fn listed(&self, hit: &FoundHit, ask: &Ask) -> Option<Listed> {
        let sorted_by = hit.sort.first().unwrap_or(&Value::Null);
        Some(Listed {
            id: id_of(&hit.id)?,
            key: self.order.key(sorted_by, ask.steps_after),
            score: if self.order == Order::Rank { score(sorted_by) } else { 0.0 },
            step: ask.kind,
            value: self.common_value(hit),
        })
    }

    fn common_value(&self, hit: &FoundHit) -> Option<String> {
        let values: Vec<String> = Vec::deserialize(at(&hit.fields, &["values"])).ok()?;
        first_value(&self.plan.collapse.as_ref()?.key, &values)
    }

    /// Hits up to the end of the page; one more tells whether there is more.
    fn end(&self) -> usize {
        let offset = match self.plan.page.start {
            Start::Offset(offset) => offset,
            Start::After(_) => 0,
        };
        offset.saturating_add(self.plan.page.limit)
    }

    /// How many hits of a request are wanted, and behind which.
    fn window(&self, ask: &Ask) -> (usize, Option<Value>) {
        let wanted = self.end().saturating_add(1);
        let wanted =
            if self.order == Order::Rank { wanted.saturating_sub(self.listed.len()) } else { wanted };
        if self.plan.collapse.is_some() {
            return (wanted.max(CHUNK), None);
        }
        let Start::After(position) = &self.plan.page.start else { return (wanted.min(WINDOW_MAX), None) };
        let Some(after) = self.order.after(position) else { return (0, None) };
        match self.order.step_of(position).map(|step| step.cmp(&ask.steps_after)) {
            // A page that ended in a later step is past this one.
            Some(std::cmp::Ordering::Less) => (0, None),
            Some(std::cmp::Ordering::Greater) => (wanted.min(WINDOW_MAX), None),
            _ => (wanted.min(WINDOW_MAX), Some(after)),
        }
    }

    /// Whether the page is full, of those that are left when only a few of each value are listed.
    fn enough(&self) -> bool {
        matches!(self.plan.page.start, Start::Offset(_)) && self.thinned().len() > self.end()
    }

    fn thinned(&self) -> Vec<Listed> {
        match &self.plan.collapse {
            Some(collapse) => thin_out(&self.listed, self.pins.iter().map(|pin| &pin.listed), collapse),
            None => self.listed.clone(),
        }
    }

    /// The page, and where it ended if there is more.
    fn page(&mut self) -> (Vec<Hit>, Option<Position>) {
        self.order.merge(&mut self.listed);
        let mut listed: Vec<(Listed, bool)> =
            self.thinned().into_iter().map(|listed| (listed, false)).collect();
        let offset = match &self.plan.page.start {
            Start::Offset(offset) => {
                for pin in &self.pins {
                    listed.insert(pin.place.min(listed.len()), (pin.listed.clone(), true));
                }
                *offset
            }
            Start::After(position) => {
                listed.retain(|(listed, _)| {
                    self.order.after(position).is_some() && self.order.is_after(listed, position)
                });
                0
            }
        };
        let has_more = listed.len() > self.end();
        let shown: Vec<(Listed, bool)> = listed.into_iter().take(self.end()).collect();
        let last = shown.iter().rev().find(|(_, pinned)| !pinned);
        let next = (has_more && self.plan.page.limit > 0).then(|| match last {
            Some((listed, _)) => Position { key: listed.key.clone(), id: listed.id },
            None => Position::before_all(self.order == Order::Rank),
        });
        let hits = shown.iter().skip(offset).map(|(listed, pinned)| Hit {
            id: listed.id,
            score: listed.score,
            step: listed.step,
            pinned: *pinned,
        });
        (hits.collect(), next)
    }
}
