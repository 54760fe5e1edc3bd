//! Products as shoppers read them: `/api/products`.

pub mod query;
