//! Products: `/api/products`.

pub mod get;
pub mod list;
pub mod query;
pub mod reviews;
