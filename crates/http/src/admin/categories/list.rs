//! `GET /api/admin/categories`.

use axum::response::Response;
use tradepost_app::catalog::category::{CategoryAdminView, list_categories};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the categories, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/categories",
    operation_id = "list_admin_categories",
    tag = "categories",
    params(PageQuery),
    responses((status = 200, body = Page<CategoryAdminView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_categories(&staff.context.shop, &page).await?, None)
}
