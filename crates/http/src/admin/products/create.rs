//! `POST /api/admin/products`.

use axum::response::Response;
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::create::create_product;

use super::body::ProductCreate;
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a product. A title and the price of its only variant suffice.
#[utoipa::path(
    post,
    path = "/api/admin/products",
    operation_id = "create_product",
    tag = "products",
    request_body = ProductCreate,
    responses((status = 201, body = ProductAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<ProductCreate>,
) -> Result<Response, Problem> {
    let changes = body.value.into_changes("$")?;
    let run = |context| async move { Ok(create_product(&context, changes).await?) };
    staff.write(request, body.hash, run).await
}
