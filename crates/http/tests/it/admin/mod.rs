//! What staff read and write.

pub(crate) mod products;
mod stock_levels;
