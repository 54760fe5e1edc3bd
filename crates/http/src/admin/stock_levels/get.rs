//! `GET /api/admin/stock-levels/{stock_level}`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::catalog::stock_level::{StockLevelView, get_stock_level};
use tradepost_domain::kernel::ids::StockLevelId;

use crate::document::StaffReadProblems;
use crate::extract::staff::StockRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// One stock level.
#[utoipa::path(
    get,
    path = "/api/admin/stock-levels/{stock_level}",
    operation_id = "get_stock_level",
    tag = "stock",
    params(("stock_level" = String, Path, description = "Id")),
    responses((status = 200, body = StockLevelView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockRead>,
    Path(id): Path<StockLevelId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let view = get_stock_level(&staff.context.shop, id).await?;
    let view = view.ok_or_else(|| Problem::missing("stock_level"))?;
    let body = serde_json::to_vec(&view).map_err(|error| Problem::internal(&error))?;
    Ok(respond::private(StatusCode::OK, body, Some(respond::etag(view.version)), None))
}
