//! `POST /api/admin/orders/{order}/resend-confirmation`.

use axum::response::Response;
use tradepost_app::order::{OrderEventView, resend_order_confirmation};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Mails the confirmation of an order once more, to the address that the order has.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/resend-confirmation",
    operation_id = "resend_order_confirmation",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 201, body = OrderEventView, headers(("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(resend_order_confirmation(&context, id).await?) };
    staff.write(request, Vec::new(), run).await
}
