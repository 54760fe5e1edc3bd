//! Pictures: taken in from staff, and given out to everybody.
//!
//! A stored picture is a blob named by its content, and each of its narrower copies is a blob of its own: one address,
//! `/media/<blob>`, serves them all and may be kept for ever.

mod read;
mod upload;

pub use read::read_blob;
pub use upload::{MediaAssetView, upload_media};

/// Where a blob can be loaded from.
pub(crate) fn blob_url(blob: &str) -> String {
    format!("/media/{blob}")
}
