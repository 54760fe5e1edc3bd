//! `PATCH /api/admin/collections/{collection}`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionPatch, CollectionView, patch_collection};
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a collection: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/collections/{collection}",
    operation_id = "patch_collection",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CollectionPatch,
    responses((status = 200, body = CollectionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<CollectionId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<CollectionPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run =
        |context| async move { Ok(patch_collection(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
