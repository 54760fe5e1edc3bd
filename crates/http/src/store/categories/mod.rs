//! Categories: `/api/categories`.

pub mod get;
pub mod list;
