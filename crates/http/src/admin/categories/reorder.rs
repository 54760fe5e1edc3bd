//! `POST /api/admin/categories/reorder`.

use axum::response::Response;
use tradepost_app::catalog::category::{CategoryOrder, CategoryOrderView, reorder_categories};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Puts the categories below one, or at the root, in order. To move one below another, PATCH its `parent_id`.
#[utoipa::path(
    post,
    path = "/api/admin/categories/reorder",
    operation_id = "reorder_categories",
    tag = "categories",
    request_body = CategoryOrder,
    responses((status = 200, body = CategoryOrderView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    request: WriteRequest,
    body: Body<CategoryOrder>,
) -> Result<Response, Problem> {
    let order = body.value;
    let run = |context| async move { Ok(reorder_categories(&context, order).await?) };
    staff.write(request, body.hash, run).await
}
