//! What the room promises as a whole, asked of the real engine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod conformance;
mod quality;
