//! Lines of a cart.

pub mod add;
pub mod patch;
pub mod remove;
