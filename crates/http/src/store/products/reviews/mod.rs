//! Reviews of a product: `/api/products/{product}/reviews`.

pub mod create;
pub mod list;
