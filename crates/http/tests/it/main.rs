//! Tests of the API over a real PostgreSQL; modules mirror the folders of the URLs.

mod conventions;
mod ops;
