//! `GET /api/admin/price-lists/{price_list}/prices`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::price_list_price::{PriceListPriceView, list_price_list_prices};
use tradepost_domain::kernel::ids::PriceListId;

use crate::document::StaffReadProblems;
use crate::extract::staff::PricingRead;
use crate::extract::{IdOrHandle, ListParams, PageQuery, Path, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the prices of a price list, by variant, currency and quantity.
#[utoipa::path(
    get,
    path = "/api/admin/price-lists/{price_list}/prices",
    operation_id = "list_price_list_prices",
    tag = "price-lists",
    params(("price_list" = String, Path, description = "Id or handle of the price list"), PageQuery),
    responses((status = 200, body = Page<PriceListPriceView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingRead>,
    Path(key): Path<IdOrHandle<PriceListId>>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    let prices = list_price_list_prices(&staff.context.shop, &key.into(), &page).await?;
    respond::read(&prices.ok_or_else(|| Problem::missing("price_list"))?, None)
}
