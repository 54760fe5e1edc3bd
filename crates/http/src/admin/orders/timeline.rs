//! `GET /api/admin/orders/{order}/timeline`.

use axum::response::Response;
use tradepost_app::order::{OrderEventView, list_order_events};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{CursorQuery, ListParams, Path, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists what happened to an order, in order of time.
#[utoipa::path(
    get,
    path = "/api/admin/orders/{order}/timeline",
    operation_id = "list_order_events",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), CursorQuery),
    responses((status = 200, body = Page<OrderEventView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersRead>,
    Path(id): Path<OrderId>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    params.finish()?;
    respond::read(&list_order_events(&staff.context.shop, id, &page).await?, None)
}
