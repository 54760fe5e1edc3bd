//! PostgreSQL as the engine that finds products: filters and full text over the read model.

use tradepost_port::BoxFuture;
use tradepost_port::search::{ProductHits, ProductQuery, ProductSearch, SearchError};
use tradepost_store::catalog::listing;
use tradepost_store::{Store, StoreError};

/// Searches in the shop's own database.
#[derive(Debug, Clone)]
pub struct PostgresSearch {
    store: Store,
}

impl PostgresSearch {
    /// On the shoppers' pool of a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl ProductSearch for PostgresSearch {
    fn search<'a>(&'a self, query: &'a ProductQuery) -> BoxFuture<'a, Result<ProductHits, SearchError>> {
        Box::pin(async move {
            let conn = self.store.storefront().conn().await.map_err(search_error)?;
            listing::search(&conn, query).await.map_err(search_error)
        })
    }
}

fn search_error(error: StoreError) -> SearchError {
    if error.is_unavailable() {
        SearchError::Unavailable(error.into())
    } else {
        SearchError::Failed(error.into())
    }
}
