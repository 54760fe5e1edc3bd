//! A file that comes through the API: streamed to the folder of uploads while it is hashed, then stored as a run that
//! waits for the worker.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ring::digest::{Context, SHA256};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tradepost_domain::kernel::ids::{EntityId, ImportId};
use tradepost_port::BlobError;
use tradepost_store::import_run::{self, NewImportRun};

use super::Format;
use super::view::ImportView;
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, missing, no_payload};
use crate::error::WriteError;
use crate::shop::Shop;
use crate::work::{StaffContext, Work};

/// Bytes of an uploaded file, at most.
pub const UPLOAD_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Ending of a file that is not complete.
const UNFINISHED: &str = "part";

/// A file on its way into the folder of uploads. Dropped before it is stored, it is removed.
#[derive(Debug)]
pub struct Upload {
    path: PathBuf,
    bytes: u64,
    stored: bool,
}

/// A file that is being written.
pub struct UploadWriter {
    upload: Upload,
    file: File,
    digest: Context,
}

impl std::fmt::Debug for UploadWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UploadWriter").field("upload", &self.upload).finish_non_exhaustive()
    }
}

impl UploadWriter {
    /// Begins a file in the shop's folder of uploads.
    pub async fn begin(shop: &Shop) -> Result<Self, BlobError> {
        fs::create_dir_all(&shop.uploads).await?;
        let name = format!("{}.{UNFINISHED}", shop.ids.next_uuid().simple());
        let path = shop.uploads.join(name);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path).await?;
        let upload = Upload { path, bytes: 0, stored: false };
        Ok(Self { upload, file, digest: Context::new(&SHA256) })
    }

    /// Adds to the file; answers its length so far.
    pub async fn write(&mut self, chunk: &Bytes) -> Result<u64, BlobError> {
        self.digest.update(chunk);
        self.file.write_all(chunk).await?;
        let count = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.upload.bytes = self.upload.bytes.saturating_add(count);
        Ok(self.upload.bytes)
    }

    /// Makes the file durable; answers it and its SHA-256.
    pub async fn finish(self) -> Result<(Upload, Vec<u8>), BlobError> {
        let Self { upload, mut file, digest } = self;
        file.flush().await?;
        file.sync_all().await?;
        Ok((upload, digest.finish().as_ref().to_vec()))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.stored {
            // It may be gone, and nobody can do anything about it here: the worker sweeps what stays behind.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// An import to make of an uploaded file.
#[derive(Debug)]
pub struct ImportCreate {
    /// The file.
    pub upload: Upload,
    /// Its SHA-256.
    pub hash: Vec<u8>,
    /// Its name, for people.
    pub file_name: String,
    /// Its format.
    pub format: Format,
    /// Whether to check everything and write nothing.
    pub dry_run: bool,
}

/// Path of a stored upload.
pub(super) fn upload_path(shop: &Shop, blob: &str) -> PathBuf {
    // A name alone, whatever the row says.
    shop.uploads.join(Path::new(blob).file_name().unwrap_or_default())
}

/// Stores the run, which a worker takes up.
pub async fn create_import(context: &StaffContext, create: ImportCreate) -> Result<Answer, WriteError> {
    let ImportCreate { mut upload, hash, file_name, format, dry_run } = create;
    let id: ImportId = context.shop.ids.next();
    let blob = format!("{id}.{}", format.as_str());
    let path = upload_path(&context.shop, &blob);
    // The file first: a run whose file is missing is worse than a file without a run.
    fs::rename(&upload.path, &path).await.map_err(BlobError::Io)?;
    upload.path = path;
    let work = context.begin("create_import").await?;
    let new = NewImportRun {
        id,
        format: format.as_str(),
        file_hash: &hash,
        file_name: &file_name,
        file_blob: Some(&blob),
        file_bytes: Some(upload.bytes),
        dry_run,
        currency: None,
        location_id: None,
    };
    let answer = store(work, &new).await?;
    upload.stored = true;
    Ok(answer)
}

async fn store(mut work: Work<'_>, new: &NewImportRun<'_>) -> Result<Answer, WriteError> {
    import_run::insert(&work.tx, new, work.now).await?;
    let run = import_run::get(&work.tx, new.id).await?.ok_or_else(missing::<ImportView>)?;
    let view = ImportView::from(run);
    let id = new.id.as_uuid();
    work.event(ImportView::KIND.created, id, view.version, no_payload());
    let after = Some(serde_json::to_value(&view)?);
    work.audit("import.create", (ImportView::KIND.name, id), None, after);
    let answer = Answer::new(Outcome::Accepted, &view, Some(view.version))?;
    work.finish(answer.at(format!("{}/{}", ImportView::KIND.path, view.id))).await
}
