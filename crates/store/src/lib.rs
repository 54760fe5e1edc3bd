//! PostgreSQL: everything that is SQL, and nothing that decides.
//!
//! One module a context holds its statements and the functions that run them on a borrowed connection; `db` holds the
//! pools and transactions; `outbox`, `idempotency` and `audit` are written beside a change in its transaction;
//! `local` is the managed server of the demo and the tests. Every statement is a constant and registered in
//! [`statements`], so that one test can prepare them all against the migrated schema.

pub mod api_key;
pub mod audit;
pub mod audit_rules;
pub mod cart;
pub mod catalog;
pub mod channel;
mod columns;
pub mod customer;
pub mod db;
pub mod error;
pub mod export_run;
pub mod idempotency;
pub mod import_run;
pub mod inventory;
pub mod job;
pub mod listen;
pub mod local;
pub mod migrate;
pub mod order;
pub mod outbox;
pub mod payment;
pub mod pricing;
pub mod search_log;
pub mod search_personal;
pub mod search_popular;
pub mod search_report;
pub mod search_weights;
pub mod seed;
pub mod setting;
pub mod sql;
pub mod stock_location;
pub mod system;
pub mod tally;
mod tls;
pub mod webhook;

pub use db::{Client, Conn, Db, PoolSettings, Store, StoreSettings, Tx};
pub use error::StoreError;
pub use listen::{Listener, Topic};
pub use migrate::check_url;
pub use sql::{Sql, statements};
pub use tls::place as database_place;
