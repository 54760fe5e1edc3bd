//! `GET /api/admin/stock-locations`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::stock_location::{StockLocationView, list_stock_locations};

use crate::document::StaffReadProblems;
use crate::extract::staff::StockRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the stock locations, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/stock-locations",
    operation_id = "list_stock_locations",
    tag = "stock-locations",
    params(PageQuery),
    responses((status = 200, body = Page<StockLocationView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<StockRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_stock_locations(&staff.context.shop, &page).await?, None)
}
