//! What every engine must do: cases over a fixed shop of 200 products, each held to the oracle.
//!
//! It is no test module, so that adapters of other engines can be held to the same. An engine is filled by [`Suite::changes`]
//! and asked by [`Suite::check`] for each of [`cases`].

mod cases;
mod fixture;

use std::collections::BTreeSet;

use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::{QueryPlan, Start, StepKind};
use tradepost_port::search::{
    Change, ChangeKind, Hits, IndexDocument, SearchDocument, SearchEngine, SearchRequest, Sort,
};

use crate::knowledge::Knowledge;
use crate::oracle::Oracle;
use crate::shelf;
use crate::weights::Weights;

pub use cases::{Case, cases};
pub use fixture::{category, collection, product, product_id, products, variant_id};

/// The fixed shop, what is known of it, and the engine that is never wrong.
pub struct Suite {
    knowledge: Knowledge,
    weights: Weights,
    /// Whom others are held to.
    pub oracle: Oracle,
}

impl Default for Suite {
    fn default() -> Self {
        Self {
            knowledge: Knowledge::of_all(&products(), &Locale::english()),
            weights: Weights::default(),
            oracle: Oracle::default(),
        }
    }
}

impl Suite {
    /// The changes that fill an engine with the shop; the first one is number 1.
    pub fn changes(&self) -> Vec<Change<IndexDocument>> {
        (1..).zip(products()).map(|(sequence, document)| self.upsert(sequence, document)).collect()
    }

    /// The change that puts a product on the shelf.
    pub fn upsert(&self, sequence: i64, document: SearchDocument) -> Change<IndexDocument> {
        let id = document.id;
        Change { sequence, id, kind: ChangeKind::Upsert(Box::new(self.knowledge.index(document))) }
    }

    /// The plan of a question.
    pub fn plan(&self, request: &SearchRequest) -> QueryPlan {
        let words = request.text.as_deref().unwrap_or_default();
        shelf::plan(words, request, &self.knowledge, &self.weights)
    }

    /// Asks an engine and the oracle; says where they differ.
    pub async fn check(&self, engine: &dyn SearchEngine, request: &SearchRequest) -> Result<Hits, String> {
        let plan = self.plan(request);
        let found = engine.search(&plan).await.map_err(|error| format!("{error:?}"))?;
        let wanted = self.oracle.follow(&plan);
        differences(&plan, &found, &wanted)?;
        if let Some(glanced) = engine.glance(&plan) {
            same("the answer at a glance", &glanced, &found)?;
        }
        let uncounted = QueryPlan { counted: false, facets: Vec::new(), ..plan };
        let page = engine.search(&uncounted).await.map_err(|error| format!("{error:?}"))?;
        same(
            "the page of a list that is not counted",
            &(&page.hits, &page.next),
            &(&found.hits, &found.next),
        )?;
        same("whether there is anything", &(page.total > 0), &(found.total > 0))?;
        Ok(found)
    }
}

/// Says in what an answer differs from the one that is wanted.
fn differences(plan: &QueryPlan, found: &Hits, wanted: &Hits) -> Result<(), String> {
    same("total", &found.total, &wanted.total)?;
    same("steps", &found.steps, &wanted.steps)?;
    same("number of facets", &found.facets.len(), &wanted.facets.len())?;
    for (found, wanted) in found.facets.iter().zip(&wanted.facets) {
        same("facet", found, wanted)?;
    }
    same("number of hits", &found.hits.len(), &wanted.hits.len())?;
    let by_score = plan.sort == Sort::Relevance && (!plan.must.is_empty() || !plan.boosts.is_empty());
    if !by_score {
        let ids = |hits: &Hits| hits.hits.iter().map(|hit| hit.id).collect::<Vec<_>>();
        same("order", &ids(found), &ids(wanted))?;
        return same("end of the page", &found.next, &wanted.next);
    }
    // How hits of a step are ordered is the engine's; which ones there are, and where pins stand, is not.
    let pins = |hits: &Hits| hits.hits.iter().map(|hit| hit.pinned.then_some(hit.id)).collect::<Vec<_>>();
    same("pins", &pins(found), &pins(wanted))?;
    let organic = || found.hits.iter().filter(|hit| !hit.pinned);
    if !organic().zip(organic().skip(1)).all(|(first, second)| first.step <= second.step) {
        return Err("a hit of a later step comes before one of an earlier step".to_owned());
    }
    let all = |hits: &Hits| -> BTreeSet<(StepKind, ProductId)> {
        hits.hits.iter().map(|hit| (hit.step, hit.id)).collect()
    };
    if plan.page.start == Start::Offset(0) && found.next.is_none() && wanted.next.is_none() {
        same("hits by step", &all(found), &all(wanted))?;
    }
    same("whether there is more", &found.next.is_some(), &wanted.next.is_some())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, not {wanted:?}")) }
}
