//! Asks for an export, which the worker writes, and takes one away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::catalog::ProductStatus;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{EntityId, ExportId};
use tradepost_store::catalog::export::ExportFilter;
use tradepost_store::export_run;
use utoipa::ToSchema;

use super::file::remove_files;
use super::view::ExportView;
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::import::Format;
use crate::work::StaffContext;

/// Exports that wait or are written, at most: each reads the whole catalogue.
const OPEN_MAX: i64 = 20;

/// An export to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportCreate {
    /// `shopify-csv` or `jsonl`.
    #[schema(value_type = String, pattern = "^(shopify-csv|jsonl)$")]
    pub format: Format,
    /// Which products; all when absent.
    #[serde(default)]
    pub filter: ExportFilterView,
}

/// Which products to export: those that pass every condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportFilterView {
    /// `draft`, `published` or `archived`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^(draft|published|archived)$")]
    pub status: Option<ProductStatus>,
    /// Handle of a brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub brand: Option<Handle>,
    /// Handle of a product type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub product_type: Option<Handle>,
    /// Changed at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_from: Option<Timestamp>,
}

impl From<ExportFilterView> for ExportFilter {
    fn from(view: ExportFilterView) -> Self {
        let ExportFilterView { status, brand, product_type, updated_from } = view;
        let text = |handle: Handle| handle.as_str().to_owned();
        Self {
            status,
            brand: brand.map(text),
            product_type: product_type.map(text),
            // No product is older; the database does not know every time that can be written.
            updated_from: updated_from.map(|time| time.max(Timestamp::UNIX_EPOCH)),
        }
    }
}

/// Stores the run, which a worker takes up.
pub async fn create_export(context: &StaffContext, create: ExportCreate) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_export").await?;
    if export_run::count_open(&work.tx).await? >= OPEN_MAX {
        let detail = "that many exports wait already: try again when some of them are done";
        return Err(WriteError::conflict("too_many_exports", detail, None));
    }
    let id: ExportId = work.next_id();
    let filter = serde_json::to_value(&create.filter)?;
    export_run::insert(&work.tx, id, (create.format.as_str(), &filter), work.now).await?;
    let run = export_run::get(&work.tx, id).await?.ok_or_else(missing::<ExportView>)?;
    let view = ExportView::from(run);
    work.event(ExportView::KIND.created, id.as_uuid(), view.version, no_payload());
    let after = Some(serde_json::to_value(&view)?);
    work.audit("export.create", (ExportView::KIND.name, id.as_uuid()), None, after);
    let answer = Answer::new(Outcome::Accepted, &view, Some(view.version))?;
    work.finish(answer.at(format!("{}/{}", ExportView::KIND.path, view.id))).await
}

/// Takes an export and its file away. One that is being written ends.
pub async fn delete_export(
    context: &StaffContext,
    id: ExportId,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_export").await?;
    let run = export_run::get_for_update(&work.tx, id).await?.ok_or_else(missing::<ExportView>)?;
    check_version(version, run.version)?;
    export_run::delete(&work.tx, id).await?;
    let answer = work.finish_deleted(&ExportView::from(run), no_payload()).await?;
    // The row first: a file without a run is swept away later, a run without its file would promise one.
    remove_files(&context.shop, id).await;
    Ok(answer)
}
