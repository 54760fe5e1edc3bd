//! `POST /api/admin/products/{product}/archive`.

use axum::response::Response;
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::transition::archive_product;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::ProductId;

use super::{Nothing, target};
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes a product off the shelf for good; what mentions it still finds it.
#[utoipa::path(
    post,
    path = "/api/admin/products/{product}/archive",
    operation_id = "archive_product",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("If-Match" = String, Header, description = "ETag of the version that was read, or *")
    ),
    responses((status = 200, body = ProductAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Option<Body<Nothing>>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let hash = body.map_or_else(|| body_hash(b""), |body| body.hash);
    let run = |context| async move { Ok(archive_product(&context, &target).await?) };
    staff.write(request, hash, run).await
}
