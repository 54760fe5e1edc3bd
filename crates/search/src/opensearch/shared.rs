//! An index that several processes search and one of them writes.
//!
//! Every process learns of every change by itself and hands it on. Whoever has the seat writes it; the others look until searches see it,
//! so that none begins to keep answers that are older than what it knows. A change that nobody wrote in time is written by who waits for
//! it: to write twice does no harm.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::BoxFuture;
use tradepost_port::search::plan::QueryPlan;
use tradepost_port::search::{
    Capabilities, Change, ChangeKind, Hits, IndexDocument, SearchEngine, SearchError, WriterSeat,
};

use super::client::OpenSearchError;
use super::entry::key_of;
use super::query::{Search, terms};
use super::{OpenSearch, READ_BATCH};

/// Time in which changes that came while the index is searched are to be written and seen: shoppers would be answered as of before.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// Time that whoever does not write gives whoever does.
const PATIENCE: Duration = Duration::from_secs(3);

/// Time between two looks, at first and at most.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(80));

/// Time that an engine that was away has to say what it has.
pub const CHECK_TIME: Duration = Duration::from_secs(2);

/// The index behind an alias, or one that will be.
pub struct SharedIndex {
    index: OpenSearch,
    seat: Arc<dyn WriterSeat>,
    /// Nobody else sees it yet.
    is_own: AtomicBool,
    /// See [`OpenSearch::identity`]; as of when it was filled.
    identity: Mutex<Option<String>>,
}

/// A product as searches are to see it.
struct Wanted {
    id: ProductId,
    /// Nothing of one that is to be gone.
    version: Option<i64>,
}

/// Does work for so long at most.
pub async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, OpenSearchError>>,
) -> Result<T, OpenSearchError> {
    timeout(limit, work).await.unwrap_or_else(|late| Err(OpenSearchError::Away(late.into())))
}

/// What changes come to, each product once.
fn wanted(changes: &[Change<IndexDocument>]) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for change in changes.iter().rev() {
        if wanted.iter().all(|known| known.id != change.id) {
            let is_gone = matches!(change.kind, ChangeKind::Delete);
            wanted.push(Wanted { id: change.id, version: (!is_gone).then_some(change.sequence) });
        }
    }
    wanted
}

impl SharedIndex {
    /// Over an index that is searched already, or over one that only this process knows of.
    pub fn new(index: OpenSearch, seat: Arc<dyn WriterSeat>, is_own: bool) -> Self {
        Self { index, seat, is_own: AtomicBool::new(is_own), identity: Mutex::default() }
    }

    /// Takes note of which index this is.
    pub async fn note_identity(&self) -> Result<(), OpenSearchError> {
        let found = self.index.identity().await?;
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    async fn take(&self, changes: Vec<Change<IndexDocument>>) -> Result<i64, OpenSearchError> {
        if self.is_own.load(Ordering::Acquire) {
            return self.index.take_unnoted(changes).await;
        }
        if !self.seat.take().await {
            let last = changes.iter().map(|change| change.sequence).max().unwrap_or_default();
            if let Ok(seen) = timeout(PATIENCE, self.until_seen(wanted(&changes))).await {
                return seen.map(|()| self.index.heard_of(last));
            }
            tracing::warn!("the process that writes the index of search is late: writing instead");
        }
        in_time(WRITE_TIME, self.index.take_unnoted(changes)).await
    }

    /// Looks until searches see all of it.
    async fn until_seen(&self, mut wanted: Vec<Wanted>) -> Result<(), OpenSearchError> {
        let mut pause = LOOK_EVERY.0;
        loop {
            let mut unseen = Vec::new();
            while !wanted.is_empty() {
                let rest = wanted.split_off(READ_BATCH.min(wanted.len()));
                unseen.extend(self.unseen(wanted).await?);
                wanted = rest;
            }
            if unseen.is_empty() {
                return Ok(());
            }
            wanted = unseen;
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LOOK_EVERY.1);
        }
    }

    /// Of some products those that searches do not see as they are to be, or newer.
    async fn unseen(&self, mut wanted: Vec<Wanted>) -> Result<Vec<Wanted>, OpenSearchError> {
        let keys: Vec<String> = wanted.iter().map(|wanted| key_of(wanted.id)).collect();
        let search = Search {
            size: keys.len(),
            query: Some(terms("product", &keys)),
            sort: Some(json!(["product"])),
            version: true,
            docvalue_fields: &["shelved"],
            ..Search::default()
        };
        let hits = self.index.ask(&search).await?.hits.hits;
        wanted.retain(|wanted| {
            let hit = hits.iter().find(|hit| hit.id == key_of(wanted.id));
            let is_there = hit.filter(|hit| hit.fields.pointer("/shelved/0") == Some(&Value::Bool(true)));
            match (wanted.version, hit) {
                (None, _) => is_there.is_some(),
                (Some(version), Some(hit)) => hit.version < version,
                (Some(_), None) => true,
            }
        });
        Ok(wanted)
    }

    async fn check(&self) -> Result<bool, OpenSearchError> {
        let found = in_time(CHECK_TIME, async {
            // It may know its indexes and not be able to search in them yet.
            self.index.refresh().await?;
            self.index.identity().await
        });
        let found = match found.await {
            Err(OpenSearchError::Refused { status: 404, .. }) => return Ok(false),
            found => found?,
        };
        let known = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(found.is_some() && found == *known)
    }
}

impl SearchEngine for SharedIndex {
    fn apply(&self, changes: Vec<Change<IndexDocument>>) -> BoxFuture<'_, Result<i64, SearchError>> {
        Box::pin(async move { Ok(self.take(changes).await?) })
    }

    fn durable_sequence(&self) -> i64 {
        // What is missing after a restart is told by the versions of products.
        0
    }

    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move { Ok(in_time(WRITE_TIME, self.index.see(sequence)).await?) })
    }

    fn put_up(&self) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move {
            if self.is_own.load(Ordering::Acquire) {
                in_time(WRITE_TIME, self.index.publish()).await?;
                self.is_own.store(false, Ordering::Release);
            }
            // What it was told while it was filled, nobody has waited for.
            Ok(in_time(WRITE_TIME, self.index.refresh()).await?)
        })
    }

    fn is_whole(&self) -> BoxFuture<'_, Result<bool, SearchError>> {
        Box::pin(async move { Ok(self.check().await?) })
    }

    fn search<'a>(&'a self, plan: &'a QueryPlan) -> BoxFuture<'a, Result<Hits, SearchError>> {
        self.index.search(plan)
    }

    fn capabilities(&self) -> Capabilities {
        self.index.capabilities()
    }
}
