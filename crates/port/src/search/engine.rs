//! An engine that keeps products and follows plans. It knows no language: what a query means, and which terms a product is
//! found by, is decided above it, so that the embedded engine, a distributed one and the oracle give the same answers.

use super::document::{Change, SearchDocument};
use super::plan::{Field, QueryPlan, StepKind};
use super::{Position, SearchError};
use crate::BoxFuture;
use crate::search::condition::Facet;
use tradepost_domain::kernel::ids::ProductId;

/// A term and its place in its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The term, to be compared as it stands.
    pub text: String,
    /// Words before it; a word and its stem have the same place.
    pub position: usize,
}

/// A product with the terms that it is found by.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexDocument {
    /// The product.
    pub document: SearchDocument,
    /// Terms by field; fields without any are left out.
    pub terms: Vec<(Field, Vec<Term>)>,
}

/// A product that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The product.
    pub id: ProductId,
    /// How well it fits within its step; of no meaning across plans. Nothing where words were not asked for.
    pub score: f32,
    /// The step that found it; of a pin, the first one.
    pub step: StepKind,
    /// Whether it stands where it does because of a pin.
    pub pinned: bool,
}

/// The answer to a plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// The page.
    pub hits: Vec<Hit>,
    /// All products that were found, by whatever step; exact where the plan is [counted](QueryPlan::counted) or has facets.
    pub total: u64,
    /// How many of them each step found, in the order of the steps that were taken. A pin counts where its words were met, and
    /// nowhere if they were not.
    pub steps: Vec<(StepKind, u64)>,
    /// Answers to the requests for facets, in their order. They count what `total` counts.
    pub facets: Vec<Facet>,
    /// Where the page ended, if there is more.
    pub next: Option<Position>,
    /// Sequence of the changes that the answer is of.
    pub sequence: i64,
}

/// What an engine can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Its name, for people.
    pub name: &'static str,
    /// Whether what was applied is visible when `apply` answers.
    pub visible_when_applied: bool,
    /// Whether it goes on after a restart with what it had.
    pub durable: bool,
}

/// An engine over the products of one channel in one locale.
pub trait SearchEngine: Send + Sync + 'static {
    /// Takes changes, in their order; the later of two of the same product counts. Answers the sequence of the last one.
    fn apply(&self, changes: Vec<Change<IndexDocument>>) -> BoxFuture<'_, Result<i64, SearchError>>;

    /// Sequence up to which changes would survive a restart: what comes after it is to be sent again.
    fn durable_sequence(&self) -> i64;

    /// Waits until searches see all changes up to this sequence.
    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>>;

    /// The filling is over: what was applied until now is shown to everybody from whom it was kept, an index that was made anew taking the
    /// place of the one before.
    fn put_up(&self) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async { Ok(()) })
    }

    /// Asks an engine that was away whether it has what it had: then it only has to be told what it missed. One in memory that failed
    /// is broken.
    fn is_whole(&self) -> BoxFuture<'_, Result<bool, SearchError>> {
        Box::pin(async { Ok(false) })
    }

    /// Follows a plan.
    fn search<'a>(&'a self, plan: &'a QueryPlan) -> BoxFuture<'a, Result<Hits, SearchError>>;

    /// The answer to a plan that takes some microseconds and waits for nobody; nothing where it may take longer.
    fn glance(&self, _plan: &QueryPlan) -> Option<Hits> {
        None
    }

    /// What it can promise.
    fn capabilities(&self) -> Capabilities;
}
