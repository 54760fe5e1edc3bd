//! Tests of the API over a real PostgreSQL; modules mirror the folders of the URLs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod admin;
mod conventions;
mod media;
mod ops;
