//! A shelf that stands: what it holds, by the versions of the read model's rows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::{CatalogSearch, Change, ChangeKind, SearchDocument, SearchError, ShelfName};
use tradepost_store::catalog::indexing::IndexRow;
use tradepost_store::catalog::search_shelf::Tally;

use super::document;
use super::facet_keys::FacetKeys;

/// A product as a shelf holds it.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Version of its row.
    version: i64,
    /// See [`document::words`].
    words: u64,
}

/// What a shelf holds.
#[derive(Debug, Default)]
pub(super) struct Holding {
    products: HashMap<ProductId, Held>,
    /// What its products can be told apart by.
    pub(super) keys: FacetKeys,
    /// Products whose words were written since it was filled.
    written: usize,
    written_at: Option<Timestamp>,
}

impl Holding {
    /// Takes note of a product.
    pub(super) fn note(&mut self, version: i64, document: &SearchDocument) {
        let held = Held { version, words: document::words(document) };
        if self.products.insert(document.id, held).is_none_or(|before| before.words != held.words) {
            self.keys.learn(document);
        }
    }

    /// What the rows of some products change; a row that cannot be read changes nothing.
    fn changes(&self, ids: &[ProductId], rows: Vec<IndexRow>, epoch: i64) -> Vec<Change> {
        let mut gone: HashSet<ProductId> = ids.iter().copied().collect();
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, version) = (row.product_id, row.version);
            gone.remove(&id);
            let held = self.products.get(&id);
            if held.is_some_and(|held| held.version == version) {
                continue;
            }
            match document::document(row) {
                Ok(found) => {
                    let same_words = held.is_some_and(|held| held.words == document::words(&found));
                    let kind = if same_words {
                        ChangeKind::Live(document::live(&found))
                    } else {
                        ChangeKind::Upsert(Box::new(found))
                    };
                    changes.push(Change { sequence: version, id, kind });
                }
                Err(error) => {
                    tracing::error!(product.id = %id, %error, "a page cannot be read: search keeps what it had");
                }
            }
        }
        let gone = gone.into_iter().filter(|id| self.products.contains_key(id));
        changes.extend(gone.map(|id| Change { sequence: epoch, id, kind: ChangeKind::Delete }));
        changes
    }

    /// The same after the shelf took these changes.
    fn take(&mut self, changes: &[Change], now: Timestamp) {
        for change in changes {
            match &change.kind {
                ChangeKind::Upsert(document) => {
                    self.note(change.sequence, document);
                    self.written = self.written.saturating_add(1);
                    self.written_at = Some(now);
                }
                ChangeKind::Live(_) => {
                    if let Some(held) = self.products.get_mut(&change.id) {
                        held.version = change.sequence;
                    }
                }
                ChangeKind::Delete => drop(self.products.remove(&change.id)),
            }
        }
    }
}

/// A shelf that stands.
pub(super) struct Standing {
    pub(super) name: ShelfName,
    pub(super) shelf: Arc<dyn CatalogSearch>,
    /// What it was filled in; see `tell`.
    pub(super) generation: i64,
    pub(super) filled_at: Timestamp,
    holding: Mutex<Holding>,
}

impl Standing {
    pub(super) fn new(
        name: ShelfName,
        shelf: Arc<dyn CatalogSearch>,
        holding: Holding,
        (generation, filled_at): (i64, Timestamp),
    ) -> Self {
        Self { name, shelf, generation, filled_at, holding: Mutex::new(holding) }
    }

    pub(super) fn holding(&self) -> MutexGuard<'_, Holding> {
        self.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the shelf equal to the rows of some products. It works on the thread that calls.
    pub(super) fn bring(
        &self,
        ids: &[ProductId],
        rows: Vec<IndexRow>,
        (epoch, now): (i64, Timestamp),
    ) -> Result<usize, SearchError> {
        let changes = self.holding().changes(ids, rows, epoch);
        if changes.is_empty() {
            return Ok(0);
        }
        finish(self.shelf.apply(changes.clone()))?;
        self.holding().take(&changes, now);
        Ok(changes.len())
    }

    /// Of some rows' versions those that it does not hold.
    pub(super) fn missing(&self, versions: &[(ProductId, i64)]) -> Vec<ProductId> {
        let holding = self.holding();
        let is_other = |(id, version): &&(ProductId, i64)| {
            holding.products.get(id).is_none_or(|held| held.version != *version)
        };
        versions.iter().filter(is_other).map(|(id, _)| *id).collect()
    }

    /// The products that it holds.
    pub(super) fn ids(&self) -> HashSet<ProductId> {
        self.holding().products.keys().copied().collect()
    }

    /// Sums over what it holds.
    pub(super) fn tally(&self) -> Tally {
        let holding = self.holding();
        Tally {
            products: i64::try_from(holding.products.len()).unwrap_or(i64::MAX),
            versions: holding.products.values().fold(0, |sum, held| sum.saturating_add(held.version)),
        }
    }

    /// Whether more was written than it held when it was filled, so that filling it anew would teach it much; not
    /// while things are still being written.
    pub(super) fn is_worn(&self, now: Timestamp) -> bool {
        let holding = self.holding();
        let is_quiet = holding.written_at.is_some_and(|at| now.duration_since(at).as_secs() >= QUIET_SECONDS);
        is_quiet && holding.written >= WORN_MIN.max(holding.products.len() / 2)
    }
}

/// Seconds without a change after which a shelf may be filled anew.
const QUIET_SECONDS: i64 = 60;
/// Products written from which on a shelf may be worn.
const WORN_MIN: usize = 1_000;

/// Ends a future on the thread that calls, which may be kept busy: in a runtime one of its blocking threads.
pub(super) fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    // The embedded engine never waits: it is done at the first look.
    match future.as_mut().now_or_never() {
        Some(value) => value,
        None => Handle::current().block_on(future),
    }
}
