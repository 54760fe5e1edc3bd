//! `PATCH /api/admin/product-types/{product_type}`.

use axum::response::Response;
use tradepost_app::catalog::product_type::{ProductTypePatch, ProductTypeView, patch_product_type};
use tradepost_domain::kernel::ids::ProductTypeId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a product type: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/product-types/{product_type}",
    operation_id = "patch_product_type",
    tag = "product-types",
    params(("product_type" = String, Path, description = "Id or handle of the product type"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ProductTypePatch,
    responses((status = 200, body = ProductTypeView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<ProductTypeId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<ProductTypePatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run = |context| async move {
        Ok(patch_product_type(&context, &key.into(), version.version(), patch).await?)
    };
    staff.write(request, body.hash, run).await
}
