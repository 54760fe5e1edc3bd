//! `GET /api/admin/product-types`.

use axum::response::Response;
use tradepost_app::catalog::product_type::{ProductTypeView, list_product_types};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the product types, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/product-types",
    operation_id = "list_product_types",
    tag = "product-types",
    params(PageQuery),
    responses((status = 200, body = Page<ProductTypeView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_product_types(&staff.context.shop, &page).await?, None)
}
