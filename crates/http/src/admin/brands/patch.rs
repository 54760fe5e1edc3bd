//! `PATCH /api/admin/brands/{brand}`.

use axum::response::Response;
use tradepost_app::catalog::brand::{BrandPatch, BrandView, patch_brand};
use tradepost_domain::kernel::ids::BrandId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a brand: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/brands/{brand}",
    operation_id = "patch_brand",
    tag = "brands",
    params(("brand" = String, Path, description = "Id or handle of the brand"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = BrandPatch,
    responses((status = 200, body = BrandView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<BrandId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<BrandPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run =
        |context| async move { Ok(patch_brand(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
