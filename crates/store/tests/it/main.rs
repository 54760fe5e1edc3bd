//! Tests of the store against a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod statements;
mod transactions;
