//! A shelf that stands: what it holds, by the versions of the read model's rows.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::{CatalogSearch, Change, ChangeKind, SearchDocument, SearchError, ShelfName};
use tradepost_store::catalog::indexing::IndexRow;
use tradepost_store::catalog::search_shelf::Tally;

use super::document;
use super::facet_keys::FacetKeys;
use super::steer::Steering;
use super::steer::course::LocalRule;

/// A product as a shelf holds it.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Version of its row.
    version: i64,
    /// See [`document::words`].
    words: u64,
}

/// A row that was read.
struct Read {
    version: i64,
    /// See [`document::words`].
    words: u64,
    document: SearchDocument,
}

/// What a shelf holds.
#[derive(Debug, Default)]
pub(super) struct Holding {
    products: HashMap<ProductId, Held>,
    /// What its products can be told apart by.
    pub(super) keys: FacetKeys,
    /// Sum of their rows' versions.
    versions: i64,
    /// Products whose words were written, or that went, since it was filled.
    written: usize,
    written_at: Option<Timestamp>,
}

impl Holding {
    /// Takes note of a product.
    pub(super) fn note(&mut self, version: i64, document: &SearchDocument) {
        let held = Held { version, words: document::words(document) };
        let before = self.products.insert(document.id, held);
        let known = before.map_or(0, |before| before.version);
        self.versions = self.versions.saturating_sub(known).saturating_add(version);
        if before.is_none_or(|before| before.words != held.words) {
            self.keys.learn(document);
        }
    }

    /// What the documents of some products change, and that others are gone.
    fn changes(&self, read: Vec<Read>, gone: HashSet<ProductId>, epoch: i64) -> Vec<Change> {
        let change = |Read { version, words, document }: Read| {
            let id = document.id;
            let same_words = self.products.get(&id).is_some_and(|held| held.words == words);
            let kind = if same_words {
                ChangeKind::Live(document::live(&document))
            } else {
                ChangeKind::Upsert(Box::new(document))
            };
            Change { sequence: version, id, kind }
        };
        let mut changes: Vec<Change> = read.into_iter().map(change).collect();
        let gone = gone.into_iter().filter(|id| self.products.contains_key(id));
        changes.extend(gone.map(|id| Change { sequence: epoch, id, kind: ChangeKind::Delete }));
        changes
    }

    fn wear(&mut self, now: Timestamp) {
        self.written = self.written.saturating_add(1);
        self.written_at = Some(now);
    }

    /// The same after the shelf took these changes.
    fn take(&mut self, changes: &[Change], now: Timestamp) {
        for change in changes {
            match &change.kind {
                ChangeKind::Upsert(document) => {
                    self.note(change.sequence, document);
                    self.wear(now);
                }
                ChangeKind::Live(_) => {
                    if let Some(held) = self.products.get_mut(&change.id) {
                        self.versions =
                            self.versions.saturating_sub(held.version).saturating_add(change.sequence);
                        held.version = change.sequence;
                    }
                }
                ChangeKind::Delete => {
                    if let Some(held) = self.products.remove(&change.id) {
                        self.versions = self.versions.saturating_sub(held.version);
                        // Of a brand or a category that it was the last of, only a filling knows no more.
                        self.wear(now);
                    }
                }
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
    /// Searches in a row that found its engine away.
    away: AtomicU32,
    steered: RwLock<Steered>,
}

/// The rules of a shelf.
#[derive(Default)]
struct Steered {
    /// What they are of.
    by: Option<Arc<Steering>>,
    rules: Arc<[LocalRule]>,
}

impl Standing {
    pub(super) fn new(
        name: ShelfName,
        shelf: Arc<dyn CatalogSearch>,
        holding: Holding,
        (generation, filled_at): (i64, Timestamp),
    ) -> Self {
        Self {
            name,
            shelf,
            generation,
            filled_at,
            holding: Mutex::new(holding),
            away: AtomicU32::new(0),
            steered: RwLock::default(),
        }
    }

    pub(super) fn holding(&self) -> MutexGuard<'_, Holding> {
        self.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note that a search found its engine away, and says how many in a row did.
    pub(super) fn is_away_again(&self) -> u32 {
        self.away.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Takes note that its engine answers.
    pub(super) fn is_here(&self) {
        self.away.store(0, Ordering::Relaxed);
    }

    /// The rules of search that can apply here, in their order.
    pub(super) fn rules(&self) -> Arc<[LocalRule]> {
        self.steered.read().unwrap_or_else(PoisonError::into_inner).rules.clone()
    }

    /// Takes other rules.
    pub(super) fn take_rules(&self, by: Arc<Steering>, rules: Vec<LocalRule>) {
        let steered = Steered { by: Some(by), rules: rules.into() };
        *self.steered.write().unwrap_or_else(PoisonError::into_inner) = steered;
    }

    /// Whether its rules are of this.
    pub(super) fn is_steered_by(&self, steering: &Arc<Steering>) -> bool {
        let steered = self.steered.read().unwrap_or_else(PoisonError::into_inner);
        steered.by.as_ref().is_some_and(|by| Arc::ptr_eq(by, steering))
    }

    /// Makes the shelf equal to the rows of some products, as searches see it. It works on the thread that calls.
    pub(super) fn bring(
        &self,
        ids: &[ProductId],
        rows: Vec<IndexRow>,
        (epoch, now): (i64, Timestamp),
    ) -> Result<usize, SearchError> {
        let mut gone: HashSet<ProductId> = ids.iter().copied().collect();
        for row in &rows {
            gone.remove(&row.product_id);
        }
        // Reading pages takes its time, and searches look at what is held.
        let read = self.unlike(rows).into_iter().filter_map(read).collect();
        let changes = self.holding().changes(read, gone, epoch);
        if changes.is_empty() {
            return Ok(0);
        }
        let last = finish(self.shelf.apply(changes.clone()))?;
        finish(self.shelf.wait_visible(last))?;
        self.holding().take(&changes, now);
        Ok(changes.len())
    }

    /// Of some rows those in versions that it does not hold.
    fn unlike(&self, mut rows: Vec<IndexRow>) -> Vec<IndexRow> {
        let holding = self.holding();
        rows.retain(|row| {
            holding.products.get(&row.product_id).is_none_or(|held| held.version != row.version)
        });
        rows
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
            versions: holding.versions,
        }
    }

    /// Whether so much was written that filling it anew would teach it much, and rid it of what is no more; not while things are
    /// still being written.
    pub(super) fn is_worn(&self, now: Timestamp) -> bool {
        let holding = self.holding();
        let is_quiet = holding.written_at.is_some_and(|at| now.duration_since(at).as_secs() >= QUIET_SECONDS);
        is_quiet && holding.written >= WORN_MIN.max(holding.products.len() / WORN_PART)
    }
}

/// A row as it is read; nothing of one that cannot be, which changes nothing.
fn read(row: IndexRow) -> Option<Read> {
    let (id, version) = (row.product_id, row.version);
    let read = document::document(row).inspect_err(|error| {
        tracing::error!(product.id = %id, %error, "a page cannot be read: search keeps what it had");
    });
    let document = read.ok()?;
    Some(Read { version, words: document::words(&document), document })
}

/// Seconds without a change after which a shelf may be filled anew.
const QUIET_SECONDS: i64 = 60;
/// Products written or gone from which on a shelf may be worn: at least so many, and a part of all.
const WORN_MIN: usize = 50;
const WORN_PART: usize = 10;

/// Ends a future on the thread that calls, which may be kept busy: in a runtime one of its blocking threads.
pub(super) fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    // The embedded engine never waits: it is done at the first look.
    match future.as_mut().now_or_never() {
        Some(value) => value,
        None => Handle::current().block_on(future),
    }
}

#[cfg(test)]
mod tests {
    use tradepost_domain::kernel::ids::EntityId;
    use uuid::Uuid;

    use super::*;

    fn document(number: u128) -> SearchDocument {
        SearchDocument::titled(ProductId::from_uuid(Uuid::from_u128(number)), "Boot")
    }

    fn change(number: u128, sequence: i64, kind: ChangeKind) -> Change {
        Change { sequence, id: document(number).id, kind }
    }

    #[test]
    fn the_sum_of_the_versions_is_that_of_what_is_held() {
        let mut holding = Holding::default();
        holding.note(5, &document(1));
        holding.note(7, &document(2));
        holding.note(6, &document(1));
        let live = ChangeKind::Live(document::live(&document(2)));
        let new = ChangeKind::Upsert(Box::new(document(3)));
        let changes = [change(2, 9, live), change(3, 4, new), change(1, 8, ChangeKind::Delete)];
        holding.take(&changes, Timestamp::UNIX_EPOCH);
        assert_eq!((holding.versions, holding.products.len()), (13, 2));
        holding.take(&[change(1, 9, ChangeKind::Delete)], Timestamp::UNIX_EPOCH);
        assert_eq!((holding.versions, holding.written), (13, 2), "what is gone goes once");
    }
}
