//! Search over what shoppers read: one shelf for each channel and locale, in the memory of the process or on a server that several
//! processes share.
//!
//! A shelf is filled from the read model (`fill`) and follows it (`follow`): the projector announces which rows changed, their
//! versions say what a shelf has missed. The catalogue's epoch moves on in this process only after its shelves took the change,
//! so that no answer of an epoch is older than it. `ask` puts a listing's question to the shelf and reads the answer; where no
//! shelf stands, PostgreSQL answers instead (degraded). A shelf whose engine is away rests until it is back.

pub mod analytics;
mod ask;
mod bench;
mod document;
pub mod events;
pub mod export;
mod facet_keys;
mod facets;
mod fill;
mod follow;
pub mod log;
pub mod personal;
pub mod popular;
mod rest;
mod seat;
mod standing;
pub mod steer;
pub mod suggest;
mod tell;
pub mod views;

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tradepost_port::search::{SearchError, ShelfMaker};
use tradepost_port::{Clock, IdSource};
use tradepost_store::catalog::fragment::View;
use tradepost_store::{Store, StoreError};
use uuid::Uuid;

use self::seat::Seat;
use self::standing::Standing;
use self::steer::Steering;
use crate::catalog::CatalogCache;

pub(crate) use self::ask::{Answerer, Asked, Found, find};
pub use self::facets::FacetChoice;
pub use self::tell::{IndexProof, RefillProgress, ShelfProof, ask_to_refill, prove_shelves, refill_progress};
pub use tradepost_store::catalog::search_shelf::Tally;

/// Why shelves could not be filled or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine failed.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// A shelf as those who run the shop see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfState {
    /// Channel and locale.
    pub view: View,
    /// Sums over what it holds.
    pub tally: Tally,
    /// Seconds since it was filled.
    pub age_seconds: i64,
}

/// The shelves of a shop.
pub struct Shelves {
    maker: Arc<dyn ShelfMaker>,
    store: Store,
    cache: CatalogCache,
    clock: Arc<dyn Clock>,
    standing: RwLock<HashMap<View, Arc<Standing>>>,
    /// Those whose engine is away: what they learnt is good when it comes back.
    resting: Mutex<HashMap<View, Arc<Standing>>>,
    /// The right to write an index that others search in too.
    seat: Arc<Seat>,
    /// Held by whoever changes what shelves hold, or which there are.
    turn: tokio::sync::Mutex<()>,
    /// Places of searches that are under way: more at once would only make all of them slower.
    places: Arc<Semaphore>,
    /// Told when a shelf may be missing.
    wanted: Notify,
    /// Epoch that the shelves have followed to.
    followed: AtomicI64,
    /// What staff wrote of it.
    steering: RwLock<Arc<Steering>>,
    /// When it was last looked whether rules begin or end, in microseconds since 1970.
    minded: AtomicI64,
    /// What others searched for.
    popular: Mutex<popular::Known>,
    /// The filling that is under way.
    filling: Mutex<Option<Underway>>,
    /// What this process is called where it tells of its shelves.
    process: OnceLock<Uuid>,
    ids: Arc<dyn IdSource>,
}

/// How long a search waits for a place.
const PLACE_WAIT_MAX: Duration = Duration::from_secs(1);

/// A filling that is under way.
#[derive(Debug, Clone)]
pub struct Underway {
    /// The channel and locale of the shelf.
    pub view: View,
    /// Products that were read: each is read twice.
    pub done: i64,
    /// Products to be read in all.
    pub due: i64,
}

impl std::fmt::Debug for Shelves {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shelves").finish_non_exhaustive()
    }
}

impl Shelves {
    /// None stands yet: [`Self::keep`] fills them.
    pub fn new(
        maker: Arc<dyn ShelfMaker>,
        store: Store,
        cache: CatalogCache,
        (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>),
    ) -> Self {
        Self {
            places: Arc::new(Semaphore::new(maker.searches_at_once())),
            maker,
            seat: Arc::new(Seat::new(store.clone())),
            store,
            cache,
            clock,
            standing: RwLock::default(),
            resting: Mutex::default(),
            turn: tokio::sync::Mutex::new(()),
            wanted: Notify::new(),
            followed: AtomicI64::new(0),
            steering: RwLock::default(),
            minded: AtomicI64::new(i64::MIN),
            popular: Mutex::default(),
            filling: Mutex::default(),
            ids,
            process: OnceLock::new(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<View, Arc<Standing>>> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shelf of a view, if it stands.
    fn get(&self, view: &View) -> Option<Arc<Standing>> {
        self.read().get(view).cloned()
    }

    /// Changes which shelves stand; answers that were given until now are not given again.
    fn arrange(&self, change: impl FnOnce(&mut HashMap<View, Arc<Standing>>)) {
        change(&mut self.standing.write().unwrap_or_else(PoisonError::into_inner));
        self.cache.renew();
    }

    /// A place among the searches that are under way, to be kept until the search is done.
    async fn place(&self) -> Result<OwnedSemaphorePermit, SearchError> {
        match timeout(PLACE_WAIT_MAX, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(closed)) => Err(SearchError::Unavailable(closed.into())),
            Err(late) => Err(SearchError::Unavailable(late.into())),
        }
    }

    /// The filling that is under way.
    pub fn underway(&self) -> Option<Underway> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The shelves that stand.
    pub fn states(&self) -> Vec<ShelfState> {
        let now = self.clock.now();
        let state = |(view, standing): (&View, &Arc<Standing>)| ShelfState {
            view: view.clone(),
            tally: standing.tally(),
            age_seconds: now.duration_since(standing.filled_at).as_secs(),
        };
        self.read().iter().map(state).collect()
    }
}
