//! `POST /api/admin/products/{product}/media`.

use axum::response::Response;
use tradepost_app::catalog::product::change_media::add_product_media;
use tradepost_app::catalog::product::view::ProductMediaAdminView;
use tradepost_domain::kernel::ids::ProductId;

use crate::admin::products::body::ProductMediaAdd;
use crate::admin::products::target;
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Adds a picture that was uploaded, or that is elsewhere; the `ETag` is the product's.
#[utoipa::path(
    post,
    path = "/api/admin/products/{product}/media",
    operation_id = "add_product_media",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("If-Match" = String, Header, description = "ETag of the product's version that was read, or *")
    ),
    request_body = ProductMediaAdd,
    responses((status = 201, body = ProductMediaAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Body<ProductMediaAdd>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let media = body.value.into_changes()?;
    let run = |context| async move { Ok(add_product_media(&context, &target, media).await?) };
    staff.write(request, body.hash, run).await
}
