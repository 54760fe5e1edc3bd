//! `GET /api/admin/exports/{export}`.

use axum::response::Response;
use tradepost_app::export::{ExportView, find_export};
use tradepost_domain::kernel::ids::ExportId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows how far an export has come.
#[utoipa::path(
    get,
    path = "/api/admin/exports/{export}",
    operation_id = "get_export",
    tag = "exports",
    params(("export" = String, Path, description = "Id of the export")),
    responses((status = 200, body = ExportView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(id): Path<ExportId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let export = find_export(&staff.context.shop, id).await?.ok_or_else(|| Problem::missing("export"))?;
    respond::read(&export, Some(export.version))
}
