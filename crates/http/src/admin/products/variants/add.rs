//! `POST /api/admin/products/{product}/variants`.

use axum::response::Response;
use tradepost_app::catalog::product::change_variants::add_variant;
use tradepost_app::catalog::product::view::VariantAdminView;
use tradepost_domain::kernel::ids::ProductId;

use crate::admin::products::body::VariantPatch;
use crate::admin::products::target;
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Adds a variant. The product's options grow with its values; the `ETag` is the product's.
#[utoipa::path(
    post,
    path = "/api/admin/products/{product}/variants",
    operation_id = "add_variant",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("If-Match" = String, Header, description = "ETag of the product's version that was read, or *")
    ),
    request_body = VariantPatch,
    responses((status = 201, body = VariantAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Body<VariantPatch>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let variant = body.value.into_changes().map_err(super::misfit)?;
    let run = |context| async move { Ok(add_variant(&context, &target, variant).await?) };
    staff.write(request, body.hash, run).await
}
