//! Export of products.
pub mod formula;
