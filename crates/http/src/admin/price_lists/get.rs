//! `GET /api/admin/price-lists/{price_list}`.

use axum::response::Response;
use tradepost_app::pricing::price_list::{PriceListCreate, PriceListView};
use tradepost_app::pricing::rule::find_rule;
use tradepost_domain::kernel::ids::PriceListId;

use crate::document::StaffReadProblems;
use crate::extract::staff::PricingRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one price list.
#[utoipa::path(
    get,
    path = "/api/admin/price-lists/{price_list}",
    operation_id = "get_price_list",
    tag = "price-lists",
    params(("price_list" = String, Path, description = "Id or handle of the price list")),
    responses((status = 200, body = PriceListView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingRead>,
    Path(key): Path<IdOrHandle<PriceListId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<PriceListCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("price_list"))?;
    respond::read(&rule, Some(rule.version))
}
