//! `PATCH /api/admin/products/{product}/variants/{variant}`.

use axum::response::Response;
use tradepost_app::catalog::product::change_variants::patch_variant;
use tradepost_app::catalog::product::view::VariantAdminView;
use tradepost_domain::kernel::ids::{ProductId, VariantId};

use crate::admin::products::body::VariantPatch;
use crate::admin::products::target;
use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a variant. `If-Match` and `ETag` are the product's.
#[utoipa::path(
    patch,
    path = "/api/admin/products/{product}/variants/{variant}",
    operation_id = "patch_variant",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("variant" = String, Path, description = "Id"),
        ("If-Match" = String, Header, description = "ETag of the product's version that was read, or *")
    ),
    request_body = VariantPatch,
    responses((status = 200, body = VariantAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path2(product, variant): Path2<IdOrHandle<ProductId>, VariantId>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Body<VariantPatch>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let changes = body.value.into_changes().map_err(super::misfit)?;
    let run = |context| async move { Ok(patch_variant(&context, &target, variant, changes).await?) };
    staff.write(request, body.hash, run).await
}
