//! What tests of reading share: a shelf with the catalogue around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use serde_json::Value;
use tradepost_app::catalog::cache::CACHE_BYTES_DEFAULT;
use tradepost_app::catalog::channels::find_channel;
use tradepost_app::catalog::postgres_search::PostgresSearch;
use tradepost_app::catalog::{Catalog, CatalogCache, Document, Shopper};
use tradepost_port::BoxFuture;
use tradepost_port::fake::FakeClock;
use tradepost_port::search::{ProductHits, ProductQuery, ProductSearch, SearchError};
use tradepost_testkit::{Shelf, TestDatabase};

/// A search that counts its questions.
pub struct CountingSearch {
    inner: PostgresSearch,
    /// Questions so far.
    pub asked: AtomicUsize,
}

impl ProductSearch for CountingSearch {
    fn search<'a>(&'a self, query: &'a ProductQuery) -> BoxFuture<'a, Result<ProductHits, SearchError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.search(query)
    }
}

/// A shelf and who reads it.
pub struct Reading {
    /// Keeps the schema's name; the server lives as long as the process.
    pub database: TestDatabase,
    /// The shelf.
    pub shelf: Shelf,
    /// The catalogue over it, with a clock that stands still.
    pub catalog: Catalog,
    /// The clock.
    pub clock: Arc<FakeClock>,
    /// The search.
    pub search: Arc<CountingSearch>,
    /// Somebody who reads English in the default channel.
    pub shopper: Shopper,
}

impl Reading {
    /// An empty shelf in front of somebody who reads English.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let shelf = Shelf::new(&database).await;
        let clock = Arc::new(FakeClock::at(Timestamp::from_second(1_700_000_000).unwrap()));
        let inner = PostgresSearch::new(database.store.clone());
        let search = Arc::new(CountingSearch { inner, asked: AtomicUsize::new(0) });
        let catalog = Catalog {
            store: database.store.clone(),
            search: search.clone(),
            shelves: None,
            cache: CatalogCache::new(CACHE_BYTES_DEFAULT, clock.clone()),
            clock: clock.clone(),
            key_uses: Arc::default(),
        };
        let channel = find_channel(&catalog, None).await.unwrap();
        let shopper = Shopper::new(channel, None).unwrap();
        Self { database, shelf, catalog, clock, search, shopper }
    }

    /// The same place, read in German.
    pub fn in_german(&self) -> Shopper {
        Shopper::new(self.shopper.channel.clone(), Some(&"de".parse().unwrap())).unwrap()
    }
}

/// A document as JSON.
pub fn json_of(document: &Document) -> Value {
    serde_json::from_slice(&document.body).unwrap()
}
