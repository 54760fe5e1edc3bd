//! `/api/account/payment-methods`.

pub mod delete;
pub mod list;
