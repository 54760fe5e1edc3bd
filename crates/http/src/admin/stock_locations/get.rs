//! `GET /api/admin/stock-locations/{stock_location}`.

use axum::response::Response;
use tradepost_app::stock_location::{StockLocationView, find_stock_location};
use tradepost_domain::kernel::ids::StockLocationId;

use crate::document::StaffReadProblems;
use crate::extract::staff::StockRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one stock location.
#[utoipa::path(
    get,
    path = "/api/admin/stock-locations/{stock_location}",
    operation_id = "get_stock_location",
    tag = "stock-locations",
    params(("stock_location" = String, Path, description = "Id or handle of the stock location")),
    responses((status = 200, body = StockLocationView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockRead>,
    Path(key): Path<IdOrHandle<StockLocationId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_stock_location(&staff.context.shop, key.id(), key.handle()).await?;
    let stock_location = found.ok_or_else(|| Problem::missing("stock_location"))?;
    respond::read(&stock_location, Some(stock_location.version))
}
