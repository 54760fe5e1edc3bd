//! `DELETE /api/admin/collections/{collection}`.

use axum::response::Response;
use tradepost_app::catalog::collection::delete_collection;
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a collection; its products stay.
#[utoipa::path(
    delete,
    path = "/api/admin/collections/{collection}",
    operation_id = "delete_collection",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<CollectionId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move {
            Ok(delete_collection(&context, &key.into(), version).await?)
        })
        .await
}
