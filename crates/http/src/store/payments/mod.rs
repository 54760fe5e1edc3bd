//! `/api/payments`: what shoppers do with those of their own orders.

pub mod confirm;
pub mod get;
pub mod provider_webhook;
pub mod status;
pub mod webhook;
