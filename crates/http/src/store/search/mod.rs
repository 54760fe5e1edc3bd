//! Search: `/api/search`.

pub mod find;
pub mod suggest;
