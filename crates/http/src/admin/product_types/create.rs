//! `POST /api/admin/product-types`.

use axum::response::Response;
use tradepost_app::catalog::product_type::{ProductTypeCreate, ProductTypeView, create_product_type};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a product type.
#[utoipa::path(
    post,
    path = "/api/admin/product-types",
    operation_id = "create_product_type",
    tag = "product-types",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ProductTypeCreate,
    responses((status = 201, body = ProductTypeView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    request: WriteRequest,
    body: Body<ProductTypeCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff
        .write(request, body.hash, |context| async move { Ok(create_product_type(&context, create).await?) })
        .await
}
