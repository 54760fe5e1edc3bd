//! Search: `/api/search`.

pub mod events;
pub mod find;
pub mod suggest;
