//! Search: `/api/search`.

pub mod events;
pub mod find;
pub mod forget;
pub mod suggest;
