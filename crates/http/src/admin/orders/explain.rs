//! `GET /api/admin/orders/{order}/explain`.

use axum::response::Response;
use tradepost_app::order::{OrderExplanationView, explain_order};

use super::IdOrNumber;
use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Says why an order came to what it did: each rule that was looked at when it was placed, applied or not, and why.
#[utoipa::path(
    get,
    path = "/api/admin/orders/{order}/explain",
    operation_id = "explain_order",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order, or its number")),
    responses((status = 200, body = OrderExplanationView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersRead>,
    Path(IdOrNumber(key)): Path<IdOrNumber>,
    _: NoParams,
) -> Result<Response, Problem> {
    respond::read(&explain_order(&staff.context.shop, &key).await?, None)
}
