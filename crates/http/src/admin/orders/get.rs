//! `GET /api/admin/orders/{order}`.

use axum::response::Response;
use tradepost_app::order::{OrderView, find_order};

use super::IdOrNumber;
use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one order.
#[utoipa::path(
    get,
    path = "/api/admin/orders/{order}",
    operation_id = "get_order_of_staff",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order, or its number")),
    responses((status = 200, body = OrderView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersRead>,
    Path(IdOrNumber(key)): Path<IdOrNumber>,
    _: NoParams,
) -> Result<Response, Problem> {
    let order = find_order(&staff.context.shop, &key).await?;
    respond::read(&order, Some(order.version))
}
