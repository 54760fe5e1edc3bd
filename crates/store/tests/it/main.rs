//! Tests of the store against a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod export_runs;
mod inventory;
mod listing;
mod redemptions;
mod statements;
mod transactions;
mod webhooks;
