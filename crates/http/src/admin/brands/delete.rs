//! `DELETE /api/admin/brands/{brand}`.

use axum::response::Response;
use tradepost_app::catalog::brand::delete_brand;
use tradepost_domain::kernel::ids::BrandId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a brand that no product has.
#[utoipa::path(
    delete,
    path = "/api/admin/brands/{brand}",
    operation_id = "delete_brand",
    tag = "brands",
    params(("brand" = String, Path, description = "Id or handle of the brand"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<BrandId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move {
            Ok(delete_brand(&context, &key.into(), version).await?)
        })
        .await
}
