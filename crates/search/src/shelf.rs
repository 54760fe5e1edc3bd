//! The products of one channel in one locale, and everything that search does with them: the pipeline above an engine.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tradepost_port::search::plan::QueryPlan;
use tradepost_port::search::{
    Change, ChangeKind, IndexDocument, SearchAnswer, SearchEngine, SearchError, SearchRequest, Sort,
};

use crate::knowledge::Knowledge;
use crate::pipeline;
use crate::weights::Weights;

/// A shelf that can be searched.
pub struct Shelf {
    engine: Arc<dyn SearchEngine>,
    knowledge: RwLock<Knowledge>,
    weights: RwLock<Weights>,
}

impl Shelf {
    /// A shelf over an engine that holds what `knowledge` was learnt from, or nothing yet.
    pub fn new(engine: Arc<dyn SearchEngine>, knowledge: Knowledge, weights: Weights) -> Self {
        Self { engine, knowledge: RwLock::new(knowledge), weights: RwLock::new(weights) }
    }

    fn knowledge(&self) -> RwLockReadGuard<'_, Knowledge> {
        self.knowledge.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn knowledge_mut(&self) -> RwLockWriteGuard<'_, Knowledge> {
        self.knowledge.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ranks by other weights from now on.
    pub fn set_weights(&self, weights: Weights) {
        *self.weights.write().unwrap_or_else(PoisonError::into_inner) = weights;
    }

    /// Hands products to the engine that the knowledge was learnt from already: the first filling of an index.
    pub async fn fill(&self, changes: Vec<Change>) -> Result<i64, SearchError> {
        let changes = changes.into_iter().map(|change| self.index(change)).collect();
        self.engine.apply(changes).await
    }

    /// A change with the terms that its product is found by.
    fn index(&self, change: Change) -> Change<IndexDocument> {
        let kind = match change.kind {
            ChangeKind::Upsert(document) => ChangeKind::Upsert(Box::new(self.knowledge().index(*document))),
            ChangeKind::Live(live) => ChangeKind::Live(live),
            ChangeKind::Delete => ChangeKind::Delete,
        };
        Change { sequence: change.sequence, id: change.id, kind }
    }

    /// Learns from changes before they are indexed.
    pub fn learn(&self, changes: &[Change]) {
        let upserts = changes.iter().filter_map(|change| match &change.kind {
            ChangeKind::Upsert(document) => Some(document),
            ChangeKind::Live(_) | ChangeKind::Delete => None,
        });
        let mut upserts = upserts.peekable();
        if upserts.peek().is_some() {
            let mut knowledge = self.knowledge_mut();
            upserts.for_each(|document| knowledge.learn(document));
            knowledge.settle();
        }
    }

    /// The plan of a question.
    pub fn plan(&self, request: &SearchRequest) -> QueryPlan {
        let weights = self.weights.read().unwrap_or_else(PoisonError::into_inner);
        plan(request, &self.knowledge(), &weights)
    }

    /// Answers a question.
    pub async fn answer(&self, request: &SearchRequest) -> Result<SearchAnswer, SearchError> {
        let plan = self.plan(request);
        Ok(SearchAnswer { hits: self.engine.search(&plan).await?, ..SearchAnswer::default() })
    }
}

/// The plan of a question, all of whose words are looked for.
pub fn plan(request: &SearchRequest, knowledge: &Knowledge, weights: &Weights) -> QueryPlan {
    let words = request.text.as_deref().unwrap_or_default();
    let mut plan = pipeline::plan(words, knowledge, weights);
    if request.sort != Sort::Relevance {
        // Where the best match does not come first, poor ones must not come at all while there are good ones.
        plan.relax.iter_mut().skip(1).for_each(|step| step.if_fewer_than = 1);
    }
    QueryPlan {
        filters: request.filters.clone(),
        groups: request.groups.clone(),
        facets: request.facets.clone(),
        sort: request.sort,
        page: request.page.clone(),
        pins: request.pins.clone(),
        boosts: request.boosts.clone(),
        collapse: request.collapse.clone(),
        ..plan
    }
}
