//! PostgreSQL: everything that is stored, and the managed local server that `demo`, `serve` and the tests use.

pub mod local;
