//! The catalogue: what staff write, and what shoppers read of it.
//!
//! `views` are the shapes of the storefront's answers, `render` makes finished fragments of them, `project` follows the
//! outbox and keeps the fragments true, `rebuild` makes all of them anew and `verify` proves that they are.

pub mod views;
