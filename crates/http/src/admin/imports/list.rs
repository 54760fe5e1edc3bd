//! `GET /api/admin/imports`.

use axum::response::Response;
use tradepost_app::import::{ImportView, list_imports};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{CursorQuery, ListParams, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the runs of imports, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/imports",
    operation_id = "list_imports",
    tag = "imports",
    params(CursorQuery),
    responses((status = 200, body = Page<ImportView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    params.finish()?;
    respond::read(&list_imports(&staff.context.shop, &page).await?, None)
}
