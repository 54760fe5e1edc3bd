//! `/api/orders`: what shoppers do with their own.

pub mod cancel;
pub mod claim;
pub mod get;
pub mod list;
pub mod place;
