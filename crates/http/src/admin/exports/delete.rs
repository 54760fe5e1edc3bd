//! `DELETE /api/admin/exports/{export}`.

use axum::response::Response;
use tradepost_app::export::delete_export;
use tradepost_domain::kernel::ids::ExportId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes an export and its file away. One that is being written ends.
#[utoipa::path(
    delete,
    path = "/api/admin/exports/{export}",
    operation_id = "delete_export",
    tag = "exports",
    params(("export" = String, Path, description = "Id of the export"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(id): Path<ExportId>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move { Ok(delete_export(&context, id, version).await?) })
        .await
}
