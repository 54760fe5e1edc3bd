//! `POST /api/admin/orders/{order}/notes`.

use axum::response::Response;
use tradepost_app::order::{NoteCreate, OrderEventView, add_order_note};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Notes something in an order's timeline, for staff alone.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/notes",
    operation_id = "add_order_note",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = NoteCreate,
    responses((status = 201, body = OrderEventView, headers(("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<OrderId>,
    request: WriteRequest,
    body: Body<NoteCreate>,
) -> Result<Response, Problem> {
    let note = body.value;
    let run = |context| async move { Ok(add_order_note(&context, id, note).await?) };
    staff.write(request, body.hash, run).await
}
