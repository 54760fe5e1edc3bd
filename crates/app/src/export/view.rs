//! Runs of exports, as staff see them.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use tradepost_domain::kernel::ids::ExportId;
use tradepost_store::StoreError;
use tradepost_store::export_run::{self, ExportRun};
use utoipa::ToSchema;

use super::request::ExportFilterView;
use crate::change::{Resource, resource};
use crate::page::{ByNumber, Page, PageRequest};
use crate::shop::Shop;

/// How long an export and its file are kept once it has ended.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A run of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExportView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ExportId,
    /// `shopify-csv` or `jsonl`.
    pub format: String,
    /// Which products.
    #[schema(value_type = ExportFilterView)]
    pub filter: Value,
    /// `pending`, `running`, `succeeded` or `failed`.
    pub status: String,
    /// Products that are written.
    pub products: u64,
    /// Bytes that are written.
    pub bytes: u64,
    /// Products that the format cannot hold, for they have more options than it.
    pub products_left_out: u64,
    /// Handles of the first hundred of them.
    pub left_out: Vec<String>,
    /// Path of the file, once it is whole.
    pub file: Option<String>,
    /// Why the run failed.
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
    /// When it goes, with its file.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

resource!(ExportView, ExportId, "export", "/api/admin/exports");

impl From<ExportRun> for ExportView {
    fn from(run: ExportRun) -> Self {
        let file = run.file_name.map(|_| format!("{}/{}/file", Self::KIND.path, run.id));
        Self {
            id: run.id,
            format: run.format,
            filter: run.filter,
            status: run.status,
            products: run.counts.products,
            bytes: run.counts.bytes,
            products_left_out: run.products_left_out,
            left_out: run.left_out,
            file,
            error: run.error,
            version: run.version,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            expires_at: run.finished_at.map(|at| at.saturating_add(KEPT).unwrap_or(Timestamp::MAX)),
        }
    }
}

/// A page of all runs, newest first.
pub async fn list_exports(
    shop: &Shop,
    page: &PageRequest<ByNumber<ExportId>>,
) -> Result<Page<ExportView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let before = page.after.map(|place| (place.timestamp(), place.id));
    let rows = export_run::list(&conn, before, page.rows()).await?;
    let place = |run: &ExportRun| ByNumber::at(run.created_at, run.id);
    Ok(Page::new(page, rows, None, place).map(ExportView::from))
}

/// One run.
pub async fn find_export(shop: &Shop, id: ExportId) -> Result<Option<ExportView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(export_run::get(&conn, id).await?.map(ExportView::from))
}
