//! The rules and types of a shop, and nothing else: every function here is total, bounded and deterministic.
//!
//! No async, SQL, HTTP, clock, randomness, environment or logging: what a rule needs is passed to it. `kernel` holds
//! what every context uses; each other module is one context.

pub mod catalog;
pub mod kernel;
pub mod pricing;
pub mod promotion;
pub mod shipping;
pub mod tax;
