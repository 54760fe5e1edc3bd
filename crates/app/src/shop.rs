//! A shop is a value: everything that one shop has hangs on it, and nothing hangs anywhere else.

use std::fmt;
use std::sync::Arc;

use tradepost_port::{BlobStore, Clock, IdSource, ImageProcessor};
use tradepost_store::{Store, StoreError};

use crate::auth::{self, SecretKey};

/// One shop.
pub struct Shop {
    /// Its database.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Where its ids and secrets come from.
    pub ids: Arc<dyn IdSource>,
    /// Its pictures and files.
    pub blobs: Arc<dyn BlobStore>,
    /// What makes uploaded pictures fit for it.
    pub images: Arc<dyn ImageProcessor>,
}

impl fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shop").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Shop {
    /// The live secret key with this text, if there is one.
    pub async fn authenticate_secret(&self, text: &str) -> Result<Option<SecretKey>, StoreError> {
        auth::authenticate_secret(self.store.admin(), text, self.clock.now()).await
    }
}
