//! A shop is a value: everything that one shop has hangs on it, and nothing hangs anywhere else.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tradepost_port::{BlobStore, Clock, IdSource, ImageProcessor};
use tradepost_store::{Store, StoreError};

use crate::api_key::KeyUses;
use crate::auth::{self, SecretKey};
use crate::catalog::postgres_search::PostgresSearch;
use crate::catalog::{Catalog, CatalogCache};

/// What a shop is made of.
pub struct ShopParts {
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
    /// Folder of the files that are uploaded for imports, which are removed when they are done.
    pub uploads: PathBuf,
    /// Folder of the files that exports are written to.
    pub exports: PathBuf,
    /// Bytes that what shoppers read may take in memory.
    pub cache_bytes: u64,
}

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
    /// Folder of the files that are uploaded for imports, which are removed when they are done.
    pub uploads: PathBuf,
    /// Folder of the files that exports are written to.
    pub exports: PathBuf,
    /// When its keys were used, as far as it is not written yet.
    pub key_uses: Arc<KeyUses>,
    /// What shoppers read of it.
    pub catalog: Catalog,
}

impl fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shop").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Shop {
    /// Puts a shop together. Its caches stay wary until a [`crate::catalog::listener::CatalogListener`] hears changes.
    pub fn new(parts: ShopParts) -> Self {
        let ShopParts { store, clock, ids, blobs, images, uploads, exports, cache_bytes } = parts;
        let key_uses = Arc::new(KeyUses::default());
        let catalog = Catalog {
            store: store.clone(),
            search: Arc::new(PostgresSearch::new(store.clone())),
            cache: CatalogCache::new(cache_bytes, clock.clone()),
            clock: clock.clone(),
            key_uses: key_uses.clone(),
        };
        Self { store, clock, ids, blobs, images, uploads, exports, key_uses, catalog }
    }

    /// The live secret key with this text, if there is one.
    pub async fn authenticate_secret(&self, text: &str) -> Result<Option<SecretKey>, StoreError> {
        let now = self.clock.now();
        let Some(key) = auth::authenticate_secret(self.store.admin(), text, now).await? else {
            return Ok(None);
        };
        self.key_uses.note(key.id, key.last_used_at, now);
        Ok(Some(key))
    }
}
