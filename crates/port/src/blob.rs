//! Blobs: files that are written once under the hash of their content and never changed.

use bytes::Bytes;

use crate::BoxFuture;

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The name is not one that we make: 64 hexadecimal digits, a dot and an ending.
    #[error("`{0}` is not the name of a blob")]
    InvalidName(String),
    /// The disk or the object store failed.
    #[error("blob store: {0}")]
    Io(#[from] std::io::Error),
}

/// Keeps files by the hash of their content.
pub trait BlobStore: Send + Sync + 'static {
    /// Writes a blob durably; writing it again changes nothing.
    fn put(&self, name: String, content: Bytes) -> BoxFuture<'_, Result<(), BlobError>>;
    /// Reads a blob; `None` when there is none of this name.
    fn get(&self, name: String) -> BoxFuture<'_, Result<Option<Bytes>, BlobError>>;
    /// Removes a blob; one that is not there is gone already.
    fn delete(&self, name: String) -> BoxFuture<'_, Result<(), BlobError>>;
}

/// Whether a text is the name of a blob: SHA-256 in hexadecimal, a dot, and an ending of 2 to 5 letters or digits.
/// Nothing else ever reaches a disk.
pub fn is_blob_name(name: &str) -> bool {
    let Some((hash, ending)) = name.split_once('.') else { return false };
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    hash.len() == 64
        && hash.bytes().all(hex)
        && (2..=5).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_and_an_ending_name_a_blob() {
        let hash = "a".repeat(64);
        assert!(is_blob_name(&format!("{hash}.jpg")));
        for name in [
            "../../etc/passwd",
            "a.jpg",
            &hash,
            &format!("{hash}.j/g"),
            &format!("{hash}."),
            &format!("{}.jpg", "A".repeat(64)),
        ] {
            assert!(!is_blob_name(name), "{name}");
        }
    }
}
