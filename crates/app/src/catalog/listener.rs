//! Hears what changes in the catalogue and tells the caches and the search index.
//!
//! An epoch begins in this process when the index has taken its changes: what an answer of it is made of is never older.
//! Cards and pages are let go of at once, by a task that does nothing that takes long; another one lets the index follow, and begins
//! the epochs. What comes while it is at work is one change for the index.
//!
//! A connection of its own listens to the projector's announcements. Every second the epoch is read over the same
//! connection, so that a connection that is dead without saying so, or an announcement that got lost, is found out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_domain::kernel::with_causes;
use tradepost_store::StoreError;
use tradepost_store::listen::{Listener, Topic};
use uuid::Uuid;

use super::Catalog;
use crate::search::Shelves;

/// How often the connection is tried, and how long an answer may take.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Pause before connecting again; it grows by as much with each failure.
const RECONNECT_AFTER: Duration = Duration::from_millis(200);
/// The longest such pause.
const REST_MAX: Duration = Duration::from_secs(2);

/// An announcement of the projector.
#[derive(Debug, serde::Deserialize)]
struct Announcement {
    epoch: i64,
    /// `None` when they are too many to be named.
    products: Option<Vec<Uuid>>,
    /// Whether synonyms or rules of search changed.
    #[serde(default)]
    steering: bool,
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
        let (tell, told) = mpsc::unbounded_channel();
        let following = tokio::spawn(follow(catalog.clone(), told));
        let listening = tokio::spawn(async move {
            let mut failures = 0_u32;
            loop {
                let begun = Instant::now();
                if let Err(error) = listen(&catalog, &tell).await {
                    // One that was heard for a while begins a new count.
                    failures = if begun.elapsed() > REST_MAX { 1 } else { failures.saturating_add(1) };
                    if failures.is_power_of_two() {
                        let error = with_causes(&error);
                        tracing::warn!(error, failures, "catalogue changes are not heard; connecting again");
                    }
                }
                catalog.cache.deafened();
                let rest = RECONNECT_AFTER.saturating_mul(failures.max(1)).min(REST_MAX);
                tokio::time::sleep(rest).await;
            }
        });
        let keeping =
            shelves.map(|shelves| tokio::spawn(async move { shelves.keep(std::future::pending()).await }));
        Self { tasks: [following, listening].into_iter().chain(keeping).collect() }
    }
}

impl Drop for CatalogListener {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// What was heard, and the index is to take.
#[derive(Debug)]
struct Heard {
    epoch: i64,
    /// `None` where it is not known which changed.
    products: Option<BTreeSet<ProductId>>,
    /// Whether synonyms or rules of search changed.
    steering: bool,
}

impl Heard {
    /// Anything may have changed.
    const fn everything(epoch: i64) -> Self {
        Self { epoch, products: None, steering: true }
    }

    fn of(change: Announcement) -> Self {
        let named = |products: Vec<Uuid>| products.into_iter().map(ProductId::from_uuid).collect();
        Self { epoch: change.epoch, products: change.products.map(named), steering: change.steering }
    }

    /// Both in one.
    fn and(self, later: Self) -> Self {
        let both = |(mut first, second): (BTreeSet<_>, BTreeSet<_>)| {
            first.extend(second);
            first
        };
        Self {
            epoch: self.epoch.max(later.epoch),
            products: self.products.zip(later.products).map(both),
            steering: self.steering || later.steering,
        }
    }
}

/// Tells the caches what is heard, and the task that follows, until the connection is lost.
async fn listen(catalog: &Catalog, tell: &UnboundedSender<Heard>) -> Result<(), StoreError> {
    let cache = &catalog.cache;
    let lost = || StoreError::Unavailable("the listener's connection was lost".to_owned());
    // It ends with the process only.
    let pass = |heard| tell.send(heard).map_err(|_| lost());
    let mut listener = catalog.store.listen(Topic::Catalog).await?;
    // Read after listening began: what changes from here on is announced.
    let mut confirmed = epoch(&listener).await?;
    cache.hearing_from(confirmed);
    pass(Heard::everything(confirmed))?;
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            text = listener.recv() => {
                // Of one that cannot be read nobody knows what it changed: connecting again compares the epochs.
                let change: Announcement = serde_json::from_str(&text.ok_or_else(lost)?)
                    .map_err(|error| StoreError::inconsistent("tradepost_catalog", error))?;
                cache.touch(change.epoch, change.products.as_deref());
                pass(Heard::of(change))?;
            }
            _ = heartbeat.tick() => {
                // What was read a whole beat ago must have been announced by now.
                if cache.heard() < confirmed {
                    tracing::warn!(epoch = confirmed, "an announcement of a catalogue change was missed");
                    cache.touch(confirmed, None);
                    pass(Heard::everything(confirmed))?;
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

async fn take(shelves: &Shelves, heard: &Heard) -> Result<(), StoreError> {
    // Where it is not known what changed, following takes synonyms and rules as well.
    if heard.steering && heard.products.is_some() {
        shelves.steer().await?;
    }
    shelves.follow(heard.products.as_ref(), heard.epoch).await
}

/// Lets the search index take what was heard, and begins its epochs, in their order.
async fn follow(catalog: Catalog, mut told: UnboundedReceiver<Heard>) {
    let mut owed: Option<Heard> = None;
    loop {
        let first = match owed.take() {
            Some(heard) => heard,
            None => match told.recv().await {
                Some(heard) => heard,
                None => return,
            },
        };
        // Whatever came meanwhile goes with it: many small changes are one for the index.
        let waiting = std::iter::from_fn(|| told.try_recv().ok());
        let heard = waiting.fold(first, Heard::and);
        let taken = match &catalog.shelves {
            Some(shelves) => take(shelves, &heard).await,
            None => Ok(()),
        };
        match taken {
            Ok(()) => catalog.cache.begin(heard.epoch),
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "search could not follow the catalogue: trying again"
                );
                // How far it came nobody knows.
                owed = Some(Heard::everything(heard.epoch));
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        }
    }
}
