//! Fields of a PATCH body, of which absent, null and a value differ.

pub use tradepost_app::patch::{Patch, present, set};
