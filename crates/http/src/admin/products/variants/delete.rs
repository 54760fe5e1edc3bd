//! `DELETE /api/admin/products/{product}/variants/{variant}`.

use axum::response::Response;
use tradepost_app::catalog::product::change_variants::remove_variant;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::{ProductId, VariantId};

use crate::admin::products::target;
use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Removes a variant; a product keeps at least one.
#[utoipa::path(
    delete,
    path = "/api/admin/products/{product}/variants/{variant}",
    operation_id = "remove_variant",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("variant" = String, Path, description = "Id"),
        ("If-Match" = String, Header, description = "ETag of the product's version that was read, or *")
    ),
    responses((status = 204, description = "It is gone"), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path2(product, variant): Path2<IdOrHandle<ProductId>, VariantId>,
    version: IfMatch,
    _: NoParams,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let run = |context| async move { Ok(remove_variant(&context, &target, variant).await?) };
    staff.write(request, body_hash(b""), run).await
}
