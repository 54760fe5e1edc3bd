//! Tests of pricing as a whole: sums known beforehand, rules one by one, and what holds for every cart.
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute expected values on small numbers")]

mod golden;
mod lists;
mod promotions;
mod properties;
mod shop;
mod tampering;
