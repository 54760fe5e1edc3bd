//! Collections: `/api/collections`.

pub mod get;
pub mod list;
