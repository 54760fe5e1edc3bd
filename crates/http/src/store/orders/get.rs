//! `GET /api/orders/{order}`.

use axum::response::Response;
use tradepost_app::order::{OrderView, get_own_order};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::ReadProblems;
use crate::extract::{Buyer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Shows an order to whoever holds its token, or is signed in as its customer.
#[utoipa::path(
    get,
    path = "/api/orders/{order}",
    operation_id = "get_order",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("Order-Token" = Option<String>, Header, description = "Secret of a guest's order, told at its placing")),
    responses((status = 200, body = OrderView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, Path(id): Path<OrderId>, _: NoParams) -> Result<Response, Problem> {
    let order = get_own_order(&buyer.context, id).await?;
    respond::read(&order, Some(order.version))
}
