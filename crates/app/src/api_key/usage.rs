//! When keys were last used: noted in memory, written now and then for all of them at once, so that no request waits
//! for it. A process that dies takes at most what it noted since the last writing with it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::kernel::ids::ApiKeyId;
use tradepost_store::{Db, StoreError, api_key};

/// A use is not written when one is that is younger than this.
const RESOLUTION: SignedDuration = SignedDuration::from_mins(1);
/// How often what was noted is written.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// Uses of keys that are not written yet; at most one a key.
#[derive(Debug, Default)]
pub struct KeyUses {
    noted: Mutex<BTreeMap<ApiKeyId, Timestamp>>,
}

impl KeyUses {
    /// Notes a use of a key; `written` is the last one that the database knows.
    pub fn note(&self, key: ApiKeyId, written: Option<Timestamp>, now: Timestamp) {
        if written.is_none_or(|written| now.duration_since(written) >= RESOLUTION) {
            self.noted().insert(key, now);
        }
    }

    /// Writes what was noted. What could not be written is noted still.
    pub async fn write(&self, db: &Db) -> Result<(), StoreError> {
        let uses = std::mem::take(&mut *self.noted());
        if uses.is_empty() {
            return Ok(());
        }
        let written = async { api_key::mark_used(&*db.conn().await?, &uses).await }.await;
        if written.is_err() {
            let mut noted = self.noted();
            for (key, at) in uses {
                noted.entry(key).or_insert(at);
            }
        }
        written
    }

    /// Writes now and then until `shutdown`, and once more then.
    pub async fn run(&self, db: &Db, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        loop {
            let last = tokio::select! {
                () = &mut shutdown => true,
                () = tokio::time::sleep(WRITE_EVERY) => false,
            };
            if let Err(error) = self.write(db).await {
                tracing::warn!(%error, "the last uses of keys could not be written");
            }
            if last {
                return;
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, BTreeMap<ApiKeyId, Timestamp>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
