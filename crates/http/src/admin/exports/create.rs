//! `POST /api/admin/exports`.

use axum::response::Response;
use tradepost_app::export::{ExportCreate, ExportView, create_export};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Exports products to a file, as Shopify's product CSV or as JSON lines, in a form that an import reads back to the same.
/// The file is written in the background: follow the run that is answered. It is kept for seven days.
#[utoipa::path(
    post,
    path = "/api/admin/exports",
    operation_id = "create_export",
    tag = "exports",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ExportCreate,
    responses((status = 202, body = ExportView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of the run"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    request: WriteRequest,
    body: Body<ExportCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff.write(request, body.hash, |context| async move { Ok(create_export(&context, create).await?) }).await
}
