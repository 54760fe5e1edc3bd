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
pub mod shelf;
pub mod stripe;
pub mod warehouse;

pub use app::{TEST_PASSWORD, TestApp, TestCustomer, TestRequest, TestResponse};
pub use database::{OwnServer, TestDatabase};
pub use shelf::{Shelf, ShelfProduct, ShelfVariant};
pub use stripe::StripeShop;
pub use tradepost_adapters::{RandomIds, SystemClock};
pub use warehouse::Warehouse;
