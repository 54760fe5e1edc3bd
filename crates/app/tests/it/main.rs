//! Tests of the use cases against a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

mod catalog_cache;
mod catalog_reads;
mod cut_wire;
mod import;
mod inventory;
mod outside;
mod projector;
mod reading;
mod seed;
