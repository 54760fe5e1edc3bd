//! `POST /api/admin/brands`.

use axum::response::Response;
use tradepost_app::catalog::brand::{BrandCreate, BrandView, create_brand};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a brand.
#[utoipa::path(
    post,
    path = "/api/admin/brands",
    operation_id = "create_brand",
    tag = "brands",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = BrandCreate,
    responses((status = 201, body = BrandView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    request: WriteRequest,
    body: Body<BrandCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff.write(request, body.hash, |context| async move { Ok(create_brand(&context, create).await?) }).await
}
