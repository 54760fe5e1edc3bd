//! The rules and types of a shop, and nothing else: every function here is total, bounded and deterministic.
//!
//! No async, SQL, HTTP, clock, randomness, environment or logging: what a rule needs is passed to it. `kernel` holds
//! what every context uses; each other module is one context.

pub mod cart;
pub mod catalog;
pub mod customer;
pub mod inventory;
pub mod kernel;
pub mod order;
pub mod payment;
pub mod pricing;
pub mod promotion;
pub mod shipping;
pub mod tax;
pub mod webhook;
