//! `GET /api/admin/orders/{order}/fulfillments`.

use axum::response::Response;
use tradepost_app::order::fulfillment::{FulfillmentView, list_fulfillments};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Lists the fulfillments of an order with their parcels, the oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/orders/{order}/fulfillments",
    operation_id = "list_fulfillments",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order")),
    responses((status = 200, body = Page<FulfillmentView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersRead>,
    Path(id): Path<OrderId>,
    _: NoParams,
) -> Result<Response, Problem> {
    respond::read(&Page::whole(list_fulfillments(&staff.context.shop, id).await?), None)
}
