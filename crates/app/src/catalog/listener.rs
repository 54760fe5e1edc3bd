//! Hears what changes in the catalogue and tells the caches and the search index.
//!
//! An epoch begins in this process when the index has taken its changes: what an answer of it is made of is never older.
//! Cards and pages are let go of at once.
//!
//! A connection of its own listens to the projector's announcements. Every second the epoch is read over the same
//! connection, so that a connection that is dead without saying so, or an announcement that got lost, is found out.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_store::StoreError;
use tradepost_store::listen::{Listener, Topic};
use uuid::Uuid;

use super::Catalog;

/// How often the connection is tried, and how long an answer may take.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Pause before connecting again.
const RECONNECT_AFTER: Duration = Duration::from_millis(200);

/// An announcement of the projector.
#[derive(Debug, serde::Deserialize)]
struct Announcement {
    epoch: i64,
    /// `None` when they are too many to be named.
    products: Option<Vec<Uuid>>,
}

/// Listens in the background until it is dropped.
#[derive(Debug)]
pub struct CatalogListener {
    tasks: Vec<JoinHandle<()>>,
}

impl CatalogListener {
    /// Begins to listen on the shop's database, and to fill its search index.
    pub fn spawn(catalog: Catalog) -> Self {
        let shelves = catalog.shelves.clone();
        let listening = tokio::spawn(async move {
            loop {
                if let Err(error) = listen(&catalog).await {
                    tracing::warn!(error = %error, "catalogue changes are not heard; connecting again");
                }
                catalog.cache.deafened();
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        });
        let keeping =
            shelves.map(|shelves| tokio::spawn(async move { shelves.keep(std::future::pending()).await }));
        Self { tasks: std::iter::once(listening).chain(keeping).collect() }
    }
}

impl Drop for CatalogListener {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Tells caches and index what is heard, until the connection is lost.
async fn listen(catalog: &Catalog) -> Result<(), StoreError> {
    let (store, cache) = (&catalog.store, &catalog.cache);
    let lost = || StoreError::Unavailable("the listener's connection was lost".to_owned());
    let mut listener = store.listen(Topic::Catalog).await?;
    // Read after listening began: what changes from here on is announced.
    let mut confirmed = epoch(&listener).await?;
    follow(catalog, None, confirmed).await?;
    cache.listening_from(confirmed);
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            text = listener.recv() => {
                // Whatever came meanwhile goes with it: many small changes are one for the index.
                let first = text.ok_or_else(lost)?;
                take(catalog, &[vec![first], listener.waiting()].concat()).await?;
            }
            _ = heartbeat.tick() => {
                // What was read a whole beat ago must have been announced by now.
                if cache.epoch() < confirmed {
                    tracing::warn!(epoch = confirmed, "an announcement of a catalogue change was missed");
                    cache.touch(confirmed, None);
                    follow(catalog, None, confirmed).await?;
                    cache.begin(confirmed);
                }
                confirmed = epoch(&listener).await?;
            }
        }
    }
}

async fn epoch(listener: &Listener) -> Result<i64, StoreError> {
    let silent = |_| StoreError::Unavailable("the listener's connection is silent".to_owned());
    timeout(HEARTBEAT, listener.epoch()).await.map_err(silent)?
}

/// Takes announcements in their order.
async fn take(catalog: &Catalog, texts: &[String]) -> Result<(), StoreError> {
    let (mut last, mut named) = (0, Some(BTreeSet::new()));
    for text in texts {
        // Of one that cannot be read nobody knows what it changed: connecting again compares the epochs.
        let change: Announcement = serde_json::from_str(text)
            .map_err(|error| StoreError::inconsistent("tradepost_catalog", error))?;
        catalog.cache.touch(change.epoch, change.products.as_deref());
        last = last.max(change.epoch);
        match (&mut named, change.products) {
            (Some(named), Some(products)) => named.extend(products.into_iter().map(ProductId::from_uuid)),
            (named, _) => *named = None,
        }
    }
    follow(catalog, named.as_ref(), last).await?;
    catalog.cache.begin(last);
    Ok(())
}

/// Lets the search index take what changed.
async fn follow(
    catalog: &Catalog,
    products: Option<&BTreeSet<ProductId>>,
    epoch: i64,
) -> Result<(), StoreError> {
    match &catalog.shelves {
        Some(shelves) => shelves.follow(products, epoch).await,
        None => Ok(()),
    }
}
