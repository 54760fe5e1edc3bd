//! `PUT /api/admin/collections/{collection}/products`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionProducts, CollectionView, replace_collection_products};
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Puts these products, in this order, in the place of those that were picked by hand before.
#[utoipa::path(
    put,
    path = "/api/admin/collections/{collection}/products",
    operation_id = "replace_collection_products",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CollectionProducts,
    responses((status = 200, body = CollectionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<CollectionId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<CollectionProducts>,
) -> Result<Response, Problem> {
    let products = body.value;
    let run = |context| async move {
        Ok(replace_collection_products(&context, &key.into(), version.version(), products).await?)
    };
    staff.write(request, body.hash, run).await
}
