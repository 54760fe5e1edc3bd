//! `DELETE /api/admin/product-types/{product_type}`.

use axum::response::Response;
use tradepost_app::catalog::product_type::delete_product_type;
use tradepost_domain::kernel::ids::ProductTypeId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a product type that no product has.
#[utoipa::path(
    delete,
    path = "/api/admin/product-types/{product_type}",
    operation_id = "delete_product_type",
    tag = "product-types",
    params(("product_type" = String, Path, description = "Id or handle of the product type"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<ProductTypeId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move {
            Ok(delete_product_type(&context, &key.into(), version).await?)
        })
        .await
}
