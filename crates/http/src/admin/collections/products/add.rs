//! `POST /api/admin/collections/{collection}/products`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionProductAdd, CollectionView, add_collection_product};
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Adds a product behind those that were picked by hand before.
#[utoipa::path(
    post,
    path = "/api/admin/collections/{collection}/products",
    operation_id = "add_collection_product",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CollectionProductAdd,
    responses((status = 200, body = CollectionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<CollectionId>>,
    request: WriteRequest,
    body: Body<CollectionProductAdd>,
) -> Result<Response, Problem> {
    let add = body.value;
    staff
        .write(request, body.hash, |context| async move {
            Ok(add_collection_product(&context, &key.into(), add).await?)
        })
        .await
}
