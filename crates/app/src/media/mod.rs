//! Pictures: taken in from staff, and given out to everybody.
//!
//! A stored picture is a blob named by its content, and each of its narrower copies is a blob of its own: one address,
//! `/media/<blob>`, serves them all and may be kept for ever.

mod delete;
mod list;
mod read;
mod upload;

pub use delete::delete_media;
pub use list::{MediaPlace, find_media, list_media};
pub use read::read_blob;
pub use upload::{MediaAssetView, upload_media};

use uuid::Uuid;

/// Where a blob can be loaded from.
pub(crate) fn blob_url(blob: &str) -> String {
    format!("/media/{blob}")
}

/// A picture in the audit log. A blob has no id: the first half of its hash stands for one, the entry holds its name.
fn audited(blob: &str) -> (&'static str, Uuid) {
    let half = blob.get(..32).and_then(|half| Uuid::try_parse(half).ok());
    ("media_asset", half.unwrap_or_default())
}
