//! `GET /api/admin/orders/{order}/refunds`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::payment::{RefundView, list_refunds};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Lists the refunds of an order, the oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/orders/{order}/refunds",
    operation_id = "list_refunds",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order")),
    responses((status = 200, body = Page<RefundView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersRead>,
    Path(id): Path<OrderId>,
    _: NoParams,
) -> Result<Response, Problem> {
    respond::read(&Page::whole(list_refunds(&staff.context.shop, id).await?), None)
}
