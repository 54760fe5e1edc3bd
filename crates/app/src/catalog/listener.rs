//! Hears what changes in the catalogue and tells the caches.
//!
//! A connection of its own listens to the projector's announcements. Every second the epoch is read over the same
//! connection, so that a connection that is dead without saying so, or an announcement that got lost, is found out.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tradepost_store::listen::{Listener, Topic};
use tradepost_store::{Store, StoreError};
use uuid::Uuid;

use super::CatalogCache;

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
    task: JoinHandle<()>,
}

impl CatalogListener {
    /// Begins to listen on the shop's database.
    pub fn spawn(store: Store, cache: CatalogCache) -> Self {
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = listen(&store, &cache).await {
                    tracing::warn!(error = %error, "catalogue changes are not heard; connecting again");
                }
                cache.deafened();
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        });
        Self { task }
    }
}

impl Drop for CatalogListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells the cache what is heard, until the connection is lost.
async fn listen(store: &Store, cache: &CatalogCache) -> Result<(), StoreError> {
    let lost = || StoreError::Unavailable("the listener's connection was lost".to_owned());
    let mut listener = store.listen(Topic::Catalog).await?;
    // Read after listening began: what changes from here on is announced.
    let mut confirmed = epoch(&listener).await?;
    cache.listening_from(confirmed);
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            text = listener.recv() => take(cache, &text.ok_or_else(lost)?)?,
            _ = heartbeat.tick() => {
                // What was read a whole beat ago must have been announced by now.
                if cache.epoch() < confirmed {
                    tracing::warn!(epoch = confirmed, "an announcement of a catalogue change was missed");
                    cache.apply(confirmed, None);
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

fn take(cache: &CatalogCache, text: &str) -> Result<(), StoreError> {
    // Of one that cannot be read nobody knows what it changed: connecting again compares the epochs.
    let change: Announcement =
        serde_json::from_str(text).map_err(|error| StoreError::inconsistent("tradepost_catalog", error))?;
    cache.apply(change.epoch, change.products.as_deref());
    Ok(())
}
