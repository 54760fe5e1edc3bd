//! Gives out stored files.

use bytes::Bytes;
use tradepost_port::BlobError;
use tradepost_port::blob::is_blob_name;

use crate::shop::Shop;

/// A stored file; `None` when there is none, or when the name is none that we make.
pub async fn read_blob(shop: &Shop, name: &str) -> Result<Option<Bytes>, BlobError> {
    if !is_blob_name(name) {
        return Ok(None);
    }
    shop.blobs.get(name.to_owned()).await
}
