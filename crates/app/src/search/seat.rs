//! Which of several processes writes the index that all of them search in.

use tokio::sync::Mutex;
use tradepost_port::BoxFuture;
use tradepost_port::search::WriterSeat;
use tradepost_store::Store;
use tradepost_store::catalog::search_shelf;
use tradepost_store::db::Claim;

/// The right to write, held by a session of the database: it is free again when the process ends, however it does.
pub(super) struct Seat {
    store: Store,
    held: Mutex<Option<Claim>>,
}

impl Seat {
    /// Nobody sits yet.
    pub(super) fn new(store: Store) -> Self {
        Self { store, held: Mutex::default() }
    }
}

impl WriterSeat for Seat {
    fn take(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let mut held = self.held.lock().await;
            if held.as_ref().is_none_or(Claim::is_lost) {
                let claim = search_shelf::try_claim(self.store.worker()).await;
                *held = claim.unwrap_or_else(|error| {
                    tracing::debug!(%error, "whether another process writes the index of search is not known");
                    None
                });
            }
            held.is_some()
        })
    }
}
