//! Runs of imports, as staff see them.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::ImportId;
use tradepost_store::StoreError;
use tradepost_store::import_run::{self, ImportErrorRow, ImportRun};
use utoipa::ToSchema;

use crate::change::resource;
use crate::page::{ByNumber, Page, PageRequest};
use crate::shop::Shop;

/// A run of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ImportId,
    /// `shopify-csv` or `jsonl`.
    pub format: String,
    /// Name of the file.
    pub file_name: String,
    /// Whether everything is checked and nothing written.
    pub dry_run: bool,
    /// `pending`, `running`, `succeeded`, `failed` or `canceled`.
    pub status: String,
    /// Whether it can be resumed: it failed, and its uploaded file is still there.
    pub resumable: bool,
    /// Bytes of the file that are dealt with.
    pub bytes: u64,
    /// Bytes of the file, where that is known.
    pub bytes_total: Option<u64>,
    /// Products of the file that are dealt with.
    pub products: u64,
    /// Products that were not there before.
    pub products_created: u64,
    /// Products that were there and are different now.
    pub products_updated: u64,
    /// Products that were there as the file has them.
    pub products_unchanged: u64,
    /// Products that were not taken.
    pub products_failed: u64,
    /// Errors found; a product may have several.
    pub errors: u64,
    /// Why the run failed as a whole.
    pub error: Option<String>,
    /// Grows by one with every step.
    pub version: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When work on it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

resource!(ImportView, ImportId, "import", "/api/admin/imports");

impl From<ImportRun> for ImportView {
    fn from(run: ImportRun) -> Self {
        let counts = run.counts;
        let resumable = run.status == "failed" && run.file_blob.is_some();
        Self {
            id: run.id,
            format: run.format,
            file_name: run.file_name,
            dry_run: run.dry_run,
            status: run.status,
            resumable,
            bytes: counts.byte_offset,
            bytes_total: run.file_bytes,
            products: counts.record_offset,
            products_created: counts.created,
            products_updated: counts.updated,
            products_unchanged: counts.unchanged,
            products_failed: counts.failed,
            errors: counts.errors,
            error: run.error,
            version: run.version,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// An error of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportErrorView {
    /// Its place among the errors of the run, from 1.
    pub number: i64,
    /// Line of the file, from 1.
    pub line: i64,
    /// Column or field.
    pub column: Option<String>,
    /// Stable word in snake case.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl From<ImportErrorRow> for ImportErrorView {
    fn from(row: ImportErrorRow) -> Self {
        let ImportErrorRow { number, line, column, code, message } = row;
        Self { number, line, column, code, message }
    }
}

/// A page of all runs, newest first.
pub async fn list_imports(
    shop: &Shop,
    page: &PageRequest<ByNumber<ImportId>>,
) -> Result<Page<ImportView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let before = page.after.map(|place| (place.timestamp(), place.id));
    let rows = import_run::list(&conn, before, page.rows()).await?;
    let place = |run: &ImportRun| ByNumber::at(run.created_at, run.id);
    Ok(Page::new(page, rows, None, place).map(ImportView::from))
}

/// One run.
pub async fn find_import(shop: &Shop, id: ImportId) -> Result<Option<ImportView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(import_run::get(&conn, id).await?.map(ImportView::from))
}

/// The errors of a run in the order of the file; `None` when there is no such run. The first 10,000 are kept.
pub async fn list_import_errors(
    shop: &Shop,
    id: ImportId,
    page: &PageRequest<ByNumber<ImportId>>,
) -> Result<Option<Page<ImportErrorView>>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    if import_run::get(&conn, id).await?.is_none() {
        return Ok(None);
    }
    let after = page.after.map_or(0, |place| place.number);
    let rows = import_run::list_errors(&conn, id, after, page.rows()).await?;
    let place = |row: &ImportErrorRow| ByNumber { number: row.number, id };
    Ok(Some(Page::new(page, rows, None, place).map(ImportErrorView::from)))
}
