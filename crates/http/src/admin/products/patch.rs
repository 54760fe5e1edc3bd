//! `PATCH /api/admin/products/{product}`.

use axum::response::Response;
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::patch::patch_product;
use tradepost_domain::kernel::ids::ProductId;

use super::body::ProductPatch;
use super::target;
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a product: absent stays, null clears, a value sets. Lists replace, objects merge by key.
#[utoipa::path(
    patch,
    path = "/api/admin/products/{product}",
    operation_id = "patch_product",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("If-Match" = String, Header, description = "ETag of the version that was read, or *")
    ),
    request_body = ProductPatch,
    responses((status = 200, body = ProductAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Body<ProductPatch>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let changes = body.value.into_changes("$")?;
    let run = |context| async move { Ok(patch_product(&context, &target, &changes).await?) };
    staff.write(request, body.hash, run).await
}
