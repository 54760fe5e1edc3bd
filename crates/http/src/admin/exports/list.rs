//! `GET /api/admin/exports`.

use axum::response::Response;
use tradepost_app::export::{ExportView, list_exports};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{CursorQuery, ListParams, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the runs of exports, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/exports",
    operation_id = "list_exports",
    tag = "exports",
    params(CursorQuery),
    responses((status = 200, body = Page<ExportView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    params.finish()?;
    respond::read(&list_exports(&staff.context.shop, &page).await?, None)
}
