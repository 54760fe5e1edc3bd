//! Blobs as files in a folder, spread over 256 subfolders by the first two digits of their hash.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tradepost_port::blob::is_blob_name;
use tradepost_port::{BlobError, BlobStore, BoxFuture};

/// A folder of blobs.
#[derive(Debug, Clone)]
pub struct BlobDirectory {
    root: PathBuf,
}

impl BlobDirectory {
    /// Keeps blobs below `root`, which is made when the first one is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Names of all blobs, read from the disk as they are asked for; for checks, not for requests.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let files = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = files(self.root.clone()).map(|entry| entry.path());
        folders
            .flat_map(files)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_blob_name(name))
    }

    fn path(&self, name: &str) -> Result<PathBuf, BlobError> {
        let folder = name.get(..2).filter(|_| is_blob_name(name));
        folder
            .map(|folder| self.root.join(folder).join(name))
            .ok_or_else(|| BlobError::InvalidName(name.to_owned()))
    }
}

/// Writes beside the final name and renames, so that a reader or a crash never sees half a file.
fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.{:?}.tmp", std::process::id(), std::thread::current().id()));
    let mut file = std::fs::File::create(&temporary)?;
    io::Write::write_all(&mut file, content)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    std::fs::File::open(folder)?.sync_all()
}

impl BlobStore for BlobDirectory {
    fn put(&self, name: String, content: Bytes) -> BoxFuture<'_, Result<(), BlobError>> {
        Box::pin(async move {
            let path = self.path(&name)?;
            let written = tokio::task::spawn_blocking(move || write_durably(&path, &content)).await;
            written.map_err(io::Error::other)??;
            Ok(())
        })
    }

    fn get(&self, name: String) -> BoxFuture<'_, Result<Option<Bytes>, BlobError>> {
        Box::pin(async move {
            match tokio::fs::read(self.path(&name)?).await {
                Ok(content) => Ok(Some(content.into())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn delete(&self, name: String) -> BoxFuture<'_, Result<(), BlobError>> {
        Box::pin(async move {
            match tokio::fs::remove_file(self.path(&name)?).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_blob_is_read_back_and_other_names_touch_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobDirectory::new(folder.path().join("media"));
        let name = format!("{}.svg", "0a".repeat(32));
        assert!(blobs.get(name.clone()).await.unwrap().is_none());
        blobs.put(name.clone(), Bytes::from_static(b"<svg/>")).await.unwrap();
        blobs.put(name.clone(), Bytes::from_static(b"<svg/>")).await.unwrap();
        assert_eq!(blobs.get(name.clone()).await.unwrap().unwrap(), "<svg/>");
        let files = std::fs::read_dir(folder.path().join("media/0a")).unwrap().count();
        assert_eq!(files, 1, "no temporary file stays behind");
        assert!(blobs.names().eq([name.clone()]));
        blobs.delete(name.clone()).await.unwrap();
        blobs.delete(name.clone()).await.unwrap();
        assert!(blobs.get(name).await.unwrap().is_none());
        let outside = blobs.get("../../../etc/passwd".to_owned()).await;
        assert!(matches!(outside, Err(BlobError::InvalidName(_))));
    }
}
