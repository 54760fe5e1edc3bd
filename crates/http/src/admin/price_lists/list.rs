//! `GET /api/admin/price-lists`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::price_list::{PriceListCreate, PriceListView};
use tradepost_app::pricing::rule::list_rules;

use crate::document::StaffReadProblems;
use crate::extract::staff::PricingRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the price lists, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/price-lists",
    operation_id = "list_price_lists",
    tag = "price-lists",
    params(PageQuery),
    responses((status = 200, body = Page<PriceListView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<PricingRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<PriceListCreate>(&staff.context.shop, &page).await?, None)
}
