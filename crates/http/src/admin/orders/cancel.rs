//! `POST /api/admin/orders/{order}/cancel`.

use axum::response::Response;
use tradepost_app::order::{OrderCancel, OrderView, cancel_order};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Gives an order up, as long as nothing of it is sent; what was paid is refunded.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/cancel",
    operation_id = "cancel_order_of_staff",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = Option<OrderCancel>,
    responses((status = 200, body = OrderView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<OrderId>,
    version: IfMatch,
    request: WriteRequest,
    body: Option<Body<OrderCancel>>,
) -> Result<Response, Problem> {
    let (cancel, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    let run =
        |context| async move { Ok(Box::pin(cancel_order(&context, id, version.version(), &cancel)).await?) };
    staff.write(request, hash, run).await
}
