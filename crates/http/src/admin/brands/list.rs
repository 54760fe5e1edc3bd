//! `GET /api/admin/brands`.

use axum::response::Response;
use tradepost_app::catalog::brand::{BrandView, list_brands};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the brands, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/brands",
    operation_id = "list_brands",
    tag = "brands",
    params(PageQuery),
    responses((status = 200, body = Page<BrandView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_brands(&staff.context.shop, &page).await?, None)
}
