//! The catalogue: what staff write, and what shoppers read of it.
//!
//! `views` are the shapes of the storefront's answers, `render` makes finished fragments of them, `project` follows the
//! outbox and keeps the fragments true (`reach` says how far an event goes, `follow` is its loop), `rebuild` makes all
//! of them anew and `verify` proves that they are.

mod follow;
pub mod product;
pub mod project;
mod reach;
mod rebuild;
pub mod render;
pub mod stock_level;
mod text;
pub mod verify;
pub mod views;

pub use project::{Projected, Projector};
pub use verify::{Mismatch, Verify};
