//! Coupons of a cart.

pub mod add;
pub mod remove;
