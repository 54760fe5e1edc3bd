//! `DELETE /api/admin/products/{product}/media/{media}`.

use axum::response::Response;
use tradepost_app::catalog::product::change_media::remove_product_media;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::{MediaId, ProductId};

use crate::admin::products::target;
use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Removes a picture from a product; the stored file stays.
#[utoipa::path(
    delete,
    path = "/api/admin/products/{product}/media/{media}",
    operation_id = "remove_product_media",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("media" = String, Path, description = "Id"),
        ("If-Match" = String, Header, description = "ETag of the product's version that was read, or *")
    ),
    responses((status = 204, description = "It is gone"), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path2(product, media): Path2<IdOrHandle<ProductId>, MediaId>,
    version: IfMatch,
    _: NoParams,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let run = |context| async move { Ok(remove_product_media(&context, &target, media).await?) };
    staff.write(request, body_hash(b""), run).await
}
