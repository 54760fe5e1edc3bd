//! What tests share: a database of their own, a shop around it, builders.
//!
//! Test-only: no other crate may depend on it but as a dev-dependency.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

pub mod app;
pub mod database;
pub mod guard;
pub mod opensearch;
pub mod shelf;
pub mod stripe;
pub mod warehouse;

pub use app::{TEST_PASSWORD, TestApp, TestCustomer, TestRequest, TestResponse};
pub use database::{OwnServer, TestDatabase};
pub use shelf::{Shelf, ShelfProduct, ShelfVariant};
pub use stripe::StripeShop;
pub use tradepost_adapters::{RandomIds, SystemClock};
pub use tradepost_store::db::count_statements;
pub use warehouse::Warehouse;

/// What makes the search index of a shop under test: the embedded engine.
pub fn shelves() -> std::sync::Arc<dyn tradepost_port::search::ShelfMaker> {
    std::sync::Arc::new(tradepost_search::embedded::EmbeddedShelves)
}

/// The keys of every shop under test: the one that seals, and a former one.
pub fn seals() -> tradepost_app::seal::Seals {
    tradepost_app::seal::Seals::read(&format!("{SEAL_KEY},{FORMER_SEAL_KEY}")).unwrap()
}

/// The key that seals, in base64.
pub const SEAL_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
/// The one before it.
pub const FORMER_SEAL_KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// The epoch of a shop's catalogue, as the database has it.
pub async fn current_epoch(client: &tradepost_store::Client) -> i64 {
    tradepost_store::catalog::projection::current_epoch(client).await.unwrap()
}
