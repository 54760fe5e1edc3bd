//! Use cases: load, decide in `domain`, save, tell the outbox, commit. The only place with transactions.
//!
//! One module a context, one file a verb. Nothing here knows HTTP or the text of a statement; what is outside our
//! process is reached through ports. `shop` is the whole of one shop as a value, `work` the frame of a staff's change.

pub mod access;
pub mod address;
pub mod answer;
pub mod api_key;
pub mod audit;
pub mod auth;
pub mod batch;
pub mod cart;
pub mod catalog;
pub mod change;
pub mod channel;
pub mod crash;
pub mod customer;
pub mod error;
pub mod export;
pub mod html;
pub mod idempotency;
pub mod import;
pub mod inventory;
pub mod mail;
pub mod media;
pub mod order;
pub mod outside;
pub mod page;
pub mod password;
pub mod patch;
pub mod payment;
pub mod pricing;
pub mod review;
pub mod rounds;
pub mod seal;
pub mod search;
pub mod secret;
pub mod seed;
pub mod shop;
pub mod shopper;
pub mod stock_location;
pub mod system;
pub mod throttle;
pub mod webhook;
pub mod work;

pub use answer::{Answer, Outcome};
pub use error::WriteError;
pub use shop::{Checkout, Shop, ShopParts};
pub use shopper::ShopperContext;
pub use work::{Actor, Origin, StaffContext, Work};

// What the layers above need of the store without naming it.
pub use tradepost_store::StoreError;
pub use tradepost_store::db::{count_statements, open_transactions};
pub use tradepost_store::idempotency::StoredAnswer;
