//! The products of one channel in one locale, and everything that search does with them: the pipeline above an engine.

mod reading;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tradepost_port::BoxFuture;
use tradepost_port::search::plan::{AltKind, Boost, QueryPlan, Scoring, Start, StepKind};
use tradepost_port::search::{
    Capabilities, CatalogSearch, Change, ChangeKind, Condition, Hits, IndexDocument, PopularQuery,
    SearchAnswer, SearchDocument, SearchEngine, SearchError, SearchRequest, Sort, SortKey, Suggestion,
    Synonym,
};

use self::reading::Reading;
use crate::engine::ranking::Order;
use crate::knowledge::Knowledge;
use crate::pipeline;
use crate::suggest::Suggestions;
use crate::synonyms::Synonyms;
use crate::weights::Weights;

/// A shelf that can be searched.
pub struct Shelf {
    engine: Arc<dyn SearchEngine>,
    knowledge: RwLock<Knowledge>,
    suggestions: RwLock<Suggestions>,
    weights: RwLock<Weights>,
    /// Decimal places of prices.
    price_exponent: u32,
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// A shelf over an engine; `knowledge` was learnt from what is to be there, or knows nothing yet. Prices have
    /// `price_exponent` decimal places.
    pub fn new(engine: Arc<dyn SearchEngine>, knowledge: Knowledge, price_exponent: u32) -> Self {
        Self {
            engine,
            knowledge: RwLock::new(knowledge),
            suggestions: RwLock::default(),
            weights: RwLock::default(),
            price_exponent,
        }
    }

    /// Ranks by other weights from now on.
    pub fn set_weights(&self, weights: Weights) {
        *write(&self.weights) = weights;
    }

    /// The first filling of an index: hands products to the engine that the knowledge was learnt from already. Nothing of them
    /// is suggested before [`Self::settle`].
    pub async fn fill(&self, changes: Vec<Change>) -> Result<i64, SearchError> {
        for change in &changes {
            if let ChangeKind::Upsert(document) = &change.kind {
                self.recall(document);
            }
        }
        self.engine.apply(self.index(changes)).await
    }

    /// Takes note, for suggestions, of a product that the engine holds already: after a restart, before [`Self::settle`].
    pub fn recall(&self, document: &SearchDocument) {
        write(&self.suggestions).note(document);
    }

    /// Builds the suggestions of all that was taken.
    pub fn settle(&self) -> Result<(), SearchError> {
        let draft = read(&self.suggestions).draft();
        let ready = draft.build().map_err(|error| SearchError::Failed(error.into()))?;
        write(&self.suggestions).install(ready).map_err(|error| SearchError::Failed(error.into()))
    }

    /// Changes with the terms that products are found by.
    fn index(&self, changes: Vec<Change>) -> Vec<Change<IndexDocument>> {
        let index = |change: Change| {
            let kind = match change.kind {
                ChangeKind::Upsert(document) => {
                    ChangeKind::Upsert(Box::new(read(&self.knowledge).index(*document)))
                }
                ChangeKind::Live(live) => ChangeKind::Live(live),
                ChangeKind::Delete => ChangeKind::Delete,
            };
            Change { sequence: change.sequence, id: change.id, kind }
        };
        changes.into_iter().map(index).collect()
    }

    async fn take(&self, changes: Vec<Change>) -> Result<i64, SearchError> {
        let is_upsert = |change: &Change| matches!(change.kind, ChangeKind::Upsert(_));
        if changes.iter().any(is_upsert) {
            let mut knowledge = write(&self.knowledge);
            for change in &changes {
                if let ChangeKind::Upsert(document) = &change.kind {
                    knowledge.learn(document);
                }
            }
            knowledge.settle();
        }
        write(&self.suggestions).take(&changes);
        if read(&self.suggestions).is_to_be_built() {
            self.settle()?;
        }
        self.engine.apply(self.index(changes)).await
    }

    /// The plan of a question as it was read.
    fn plan(&self, request: &SearchRequest, reading: &Reading) -> QueryPlan {
        let weights = read(&self.weights);
        let (words, knowledge) = (reading.words(), read(&self.knowledge));
        let mut plan = plan(&words, request, &knowledge, &weights);
        if !pipeline::are_trusted(&words, &knowledge) {
            as_named(&mut plan, reading);
        } else if reading.is_bound() {
            // A condition that leaves nothing goes before a word that is known is taken for another one, and so does whatever is
            // not what was named.
            plan.relax.retain(|step| step.kind != StepKind::Corrected);
        }
        drop(knowledge);
        plan.groups.extend(reading.filters().cloned());
        let boost = |condition: &_| Boost { condition: Clone::clone(condition), factor: weights.understood };
        if !plan.must.is_empty() {
            plan.boosts.extend(reading.boosts().map(boost));
        }
        keep_order(&mut plan);
        plan
    }

    /// The first way of reading a question that finds all its words, or, where none does, the first that finds what is looked for and
    /// any of them, or just any: an answer in other words than those that were said is worse than one beside a condition, which is shown
    /// as dropped.
    async fn answer(&self, request: &SearchRequest) -> Result<SearchAnswer, SearchError> {
        let reading = Reading::of(request, &read(&self.knowledge), self.price_exponent);
        let mut choice = Choice::default();
        for way in reading.all_ways() {
            let plan = self.plan(request, &way);
            if says_nothing(request, &way, &plan) {
                return Ok(SearchAnswer::default());
            }
            let hits = self.engine.search(&plan).await?;
            if choice.is_made_by(way, plan, hits) {
                break;
            }
        }
        let Some((way, plan, hits)) = choice.best else { return Ok(SearchAnswer::default()) };
        if is_misplaced(&plan) {
            return Err(SearchError::Misplaced);
        }
        Ok(answer(&plan, hits, &way, &read(&self.knowledge)))
    }

    /// The same for words that were looked up before, if nothing has to be waited for.
    fn answer_at_once(&self, request: &SearchRequest) -> Option<SearchAnswer> {
        let reading = Reading::of(request, &*self.knowledge.try_read().ok()?, self.price_exponent);
        let mut choice = Choice::default();
        for way in reading.all_ways() {
            let plan = self.plan(request, &way);
            if says_nothing(request, &way, &plan) || is_misplaced(&plan) {
                return None;
            }
            let hits = self.engine.glance(&plan)?;
            if choice.is_made_by(way, plan, hits) {
                break;
            }
        }
        let (way, plan, hits) = choice.best?;
        Some(answer(&plan, hits, &way, &*self.knowledge.try_read().ok()?))
    }
}

/// Takes the name of what is looked for for no other word, whatever becomes of those beside it.
fn as_named(plan: &mut QueryPlan, reading: &Reading) {
    let named: Vec<String> = reading.named_words().collect();
    for slot in plan.must.iter_mut().filter(|slot| named.contains(&slot.word)) {
        slot.alts = slot.alts.iter().filter(|alt| !matches!(alt.kind, AltKind::Typo(_))).cloned().collect();
    }
}

/// The best way so far to read a question.
#[derive(Default)]
struct Choice {
    best: Option<(Reading, QueryPlan, Hits)>,
}

impl Choice {
    /// Takes a way with what it finds; whether no other one need be tried.
    fn is_made_by(&mut self, way: Reading, plan: QueryPlan, hits: Hits) -> bool {
        let goodness = |way: &Reading, hits: &Hits| {
            (holds_all_words(hits), !is_in_vain(hits), way.is_anchored() && !is_in_vain(hits))
        };
        let new = goodness(&way, &hits);
        if self.best.as_ref().is_none_or(|(way, _, hits)| new > goodness(way, hits)) {
            self.best = Some((way, plan, hits));
        }
        new.0
    }
}

/// Whether some hits hold all words, as they were said or corrected.
fn holds_all_words(hits: &Hits) -> bool {
    hits.steps.iter().any(|(kind, count)| *kind != StepKind::Relaxed && *count > 0)
}

/// Whether a question is of signs alone: nothing is found then, rather than everything.
fn says_nothing(request: &SearchRequest, reading: &Reading, plan: &QueryPlan) -> bool {
    request.text.is_some() && plan.must.is_empty() && reading.is_empty()
}

/// Whether no words were met. Pins that do not hold the words are shown whatever is asked.
fn is_in_vain(hits: &Hits) -> bool {
    hits.steps.iter().all(|(_, count)| *count == 0)
}

/// Whether a page begins after a position of another order.
fn is_misplaced(plan: &QueryPlan) -> bool {
    matches!(&plan.page.start, Start::After(after) if !Order::of(plan).takes(&after.key))
}

fn answer(plan: &QueryPlan, hits: Hits, reading: &Reading, knowledge: &Knowledge) -> SearchAnswer {
    let interpreted = reading.interpreted().cloned().collect();
    let corrections = corrections(plan, &hits, knowledge);
    SearchAnswer { hits, interpreted, corrections }
}

/// Goes on in the order that the page before had: where no words are, boosts that began or ended since would make another one.
fn keep_order(plan: &mut QueryPlan) {
    let Start::After(after) = &plan.page.start else { return };
    let in_question = plan.sort == Sort::Relevance && plan.must.is_empty();
    match after.key {
        SortKey::Integer(_) if in_question => plan.boosts.clear(),
        SortKey::Score(_) if in_question && plan.boosts.is_empty() => {
            plan.boosts.push(Boost { condition: Condition::Any(Vec::new()), factor: 1.0 });
        }
        _ => {}
    }
}

/// The plan of a question whose words are these.
pub fn plan(words: &str, request: &SearchRequest, knowledge: &Knowledge, weights: &Weights) -> QueryPlan {
    let mut plan = pipeline::plan(words, knowledge, weights);
    if request.sort != Sort::Relevance {
        // Where the best match does not come first, poor ones must not come at all while there are good ones.
        plan.relax.iter_mut().skip(1).for_each(|step| step.if_fewer_than = 1);
    }
    of_words(plan, request)
}

/// The plan of a question, from that of its words.
fn of_words(plan: QueryPlan, request: &SearchRequest) -> QueryPlan {
    QueryPlan {
        filters: request.filters.iter().chain(&request.demands).cloned().collect(),
        groups: request.groups.clone(),
        facets: request.facets.clone(),
        sort: request.sort,
        page: request.page.clone(),
        counted: request.counted,
        pins: request.pins.clone(),
        pins_within: request.pins_within,
        boosts: request.boosts.clone(),
        collapse: request.collapse.clone(),
        scoring: request.scoring.clone().unwrap_or(plan.scoring),
        ..plan
    }
}

/// Words that no product has, with the nearest ones that products have, where those found something. Where words were left out,
/// the nearest one may be far from what was meant: it is told if it names a category or a value.
fn corrections(plan: &QueryPlan, hits: &Hits, knowledge: &Knowledge) -> Vec<(String, String)> {
    let has = |kind| hits.steps.iter().any(|(step, count)| *step == kind && *count > 0);
    let (is_corrected, is_relaxed) = (has(StepKind::Corrected), has(StepKind::Relaxed));
    if !is_corrected && !is_relaxed {
        return Vec::new();
    }
    let is_told = |text: &str| is_corrected || knowledge.dictionary.is_written(text);
    let unknown = plan.must.iter().filter(|slot| knowledge.vocabulary.get(&slot.word).is_none());
    unknown
        .filter_map(|slot| {
            let alts = slot.alts.iter().filter(|alt| {
                matches!(alt.kind, AltKind::Typo(_) | AltKind::Joined | AltKind::Split) && alt.doubt == 1
            });
            let best = alts.max_by(|first, second| first.weight.total_cmp(&second.weight))?;
            Some((slot.word.clone(), best.terms.join(" "))).filter(|(_, meant)| is_told(meant))
        })
        .collect()
}

impl CatalogSearch for Shelf {
    fn apply(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<i64, SearchError>> {
        Box::pin(self.take(changes))
    }

    fn durable_sequence(&self) -> i64 {
        self.engine.durable_sequence()
    }

    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>> {
        self.engine.wait_visible(sequence)
    }

    fn put_up(&self) -> BoxFuture<'_, Result<(), SearchError>> {
        self.engine.put_up()
    }

    fn is_whole(&self) -> BoxFuture<'_, Result<bool, SearchError>> {
        self.engine.is_whole()
    }

    fn search<'a>(&'a self, request: &'a SearchRequest) -> BoxFuture<'a, Result<SearchAnswer, SearchError>> {
        Box::pin(self.answer(request))
    }

    fn glance(&self, request: &SearchRequest) -> Option<SearchAnswer> {
        if request.text.is_some() {
            return self.answer_at_once(request);
        }
        let mut plan = of_words(QueryPlan::default(), request);
        keep_order(&mut plan);
        if is_misplaced(&plan) {
            return None;
        }
        let hits = self.engine.glance(&plan)?;
        Some(SearchAnswer { hits, ..SearchAnswer::default() })
    }

    fn suggest(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        read(&self.suggestions).suggest(typed, limit)
    }

    fn take_popular_queries(&self, queries: Vec<PopularQuery>) -> Result<(), SearchError> {
        write(&self.suggestions).take_queries(queries).map_err(|error| SearchError::Failed(error.into()))
    }

    fn take_synonyms(&self, synonyms: Vec<Synonym>) {
        let analyzer = read(&self.knowledge).analyzer.clone();
        let synonyms = Arc::new(Synonyms::new(&synonyms, &analyzer));
        write(&self.knowledge).synonyms = synonyms;
    }

    fn stems(&self, text: &str) -> Vec<String> {
        pipeline::stems(text, &read(&self.knowledge).analyzer)
    }

    fn scoring(&self) -> Scoring {
        read(&self.weights).scoring.clone()
    }

    fn take_scoring(&self, scoring: Scoring) {
        write(&self.weights).scoring = scoring;
    }

    fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }
}
