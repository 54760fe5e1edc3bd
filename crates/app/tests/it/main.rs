//! Tests of the use cases against a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

mod projector;
mod seed;
