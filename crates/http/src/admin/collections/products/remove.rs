//! `DELETE /api/admin/collections/{collection}/products/{product}`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionView, remove_collection_product};
use tradepost_domain::kernel::ids::{CollectionId, ProductId};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, Path2, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes a product out of a collection that is picked by hand.
#[utoipa::path(
    delete,
    path = "/api/admin/collections/{collection}/products/{product}",
    operation_id = "remove_collection_product",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection"), ("product" = String, Path, description = "Id or handle of the product"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = CollectionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path2(key, product): Path2<IdOrHandle<CollectionId>, IdOrHandle<ProductId>>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let run =
        |context| async move { Ok(remove_collection_product(&context, &key.into(), &product.into()).await?) };
    staff.write(request, Vec::new(), run).await
}
