//! `/api/carts`.

pub mod coupons;
pub mod create;
pub mod explain;
pub mod get;
pub mod lines;
pub mod list;
pub mod merge;
pub mod patch;
pub mod shipping_methods;
