//! Tests of the API over a real PostgreSQL; modules mirror the folders of the URLs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "a test may panic, and patches paths"
)]

mod admin;
mod auth;
mod checkout;
mod conventions;
mod media;
mod meta;
mod ops;
mod payments;
mod problems;
mod store;
