//! `POST /api/admin/categories`.

use axum::response::Response;
use tradepost_app::catalog::category::{CategoryAdminView, CategoryCreate, create_category};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a category.
#[utoipa::path(
    post,
    path = "/api/admin/categories",
    operation_id = "create_category",
    tag = "categories",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CategoryCreate,
    responses((status = 201, body = CategoryAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    request: WriteRequest,
    body: Body<CategoryCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff
        .write(request, body.hash, |context| async move { Ok(create_category(&context, create).await?) })
        .await
}
