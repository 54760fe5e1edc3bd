//! `DELETE /api/admin/products/{product}`.

use axum::response::Response;
use tradepost_app::catalog::product::delete::delete_product;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::ProductId;

use super::target;
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a product that is a draft or archived.
#[utoipa::path(
    delete,
    path = "/api/admin/products/{product}",
    operation_id = "delete_product",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("If-Match" = String, Header, description = "ETag of the version that was read, or *")
    ),
    responses((status = 204, description = "It is gone"), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: IfMatch,
    _: NoParams,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let run = |context| async move { Ok(delete_product(&context, &target).await?) };
    staff.write(request, body_hash(b""), run).await
}
