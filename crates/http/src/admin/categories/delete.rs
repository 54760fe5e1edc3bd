//! `DELETE /api/admin/categories/{category}`.

use axum::response::Response;
use tradepost_app::catalog::category::delete_category;
use tradepost_domain::kernel::ids::CategoryId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a category that has neither children nor products.
#[utoipa::path(
    delete,
    path = "/api/admin/categories/{category}",
    operation_id = "delete_category",
    tag = "categories",
    params(("category" = String, Path, description = "Id or handle of the category"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<CategoryId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move {
            Ok(delete_category(&context, &key.into(), version).await?)
        })
        .await
}
