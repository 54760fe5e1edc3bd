//! `PATCH /api/admin/products/{product}/media/{media}`.

use axum::response::Response;
use tradepost_app::catalog::product::change_media::patch_product_media;
use tradepost_app::catalog::product::view::ProductMediaAdminView;
use tradepost_domain::kernel::ids::{MediaId, ProductId};

use crate::admin::products::body::ProductMediaPatch;
use crate::admin::products::target;
use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes what a picture says and where it stands. `If-Match` and `ETag` are the product's.
#[utoipa::path(
    patch,
    path = "/api/admin/products/{product}/media/{media}",
    operation_id = "patch_product_media",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("media" = String, Path, description = "Id"),
        ("If-Match" = String, Header, description = "ETag of the product's version that was read, or *")
    ),
    request_body = ProductMediaPatch,
    responses((status = 200, body = ProductMediaAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path2(product, media): Path2<IdOrHandle<ProductId>, MediaId>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Body<ProductMediaPatch>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let changes = body.value.into_changes();
    let run = |context| async move { Ok(patch_product_media(&context, &target, media, changes).await?) };
    staff.write(request, body.hash, run).await
}
