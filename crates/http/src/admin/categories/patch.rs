//! `PATCH /api/admin/categories/{category}`.

use axum::response::Response;
use tradepost_app::catalog::category::{CategoryAdminView, CategoryPatch, patch_category};
use tradepost_domain::kernel::ids::CategoryId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a category: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/categories/{category}",
    operation_id = "patch_category",
    tag = "categories",
    params(("category" = String, Path, description = "Id or handle of the category"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CategoryPatch,
    responses((status = 200, body = CategoryAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<CategoryId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<CategoryPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run =
        |context| async move { Ok(patch_category(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
