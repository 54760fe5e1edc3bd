//! Tests of the API over a real PostgreSQL; modules mirror the folders of the URLs.

mod admin;
mod conventions;
mod meta;
mod ops;
