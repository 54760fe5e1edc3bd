//! `POST /api/admin/orders/{order}/refunds`.

use axum::response::Response;
use tradepost_app::payment::{RefundCreate, RefundView, create_refund};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest, required_key};
use crate::problem::Problem;

/// Gives money of an order back: an amount, or what units of lines were worth.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/refunds",
    operation_id = "create_refund",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("If-Match" = Option<String>, Header, description = "`ETag` of the order that was read; any version when absent"), ("Idempotency-Key" = String, Header, description = "Makes a repeat of the request give the same answer; a new one for each new request")),
    request_body = RefundCreate,
    responses((status = 201, body = RefundView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<OrderId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<RefundCreate>,
) -> Result<Response, Problem> {
    let request = required_key(request)?;
    let (create, version) = (body.value, version.and_then(IfMatch::version));
    let run = |context| async move { Ok(Box::pin(create_refund(&context, id, version, create)).await?) };
    staff.write(request, body.hash, run).await
}
