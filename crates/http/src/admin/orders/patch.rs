//! `PATCH /api/admin/orders/{order}`.

use axum::response::Response;
use tradepost_app::order::{OrderPatch, OrderView, patch_order};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes what the client keeps with an order: what was agreed stays.
#[utoipa::path(
    patch,
    path = "/api/admin/orders/{order}",
    operation_id = "patch_order",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = OrderPatch,
    responses((status = 200, body = OrderView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<OrderId>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<OrderPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run = |context| async move { Ok(patch_order(&context, id, version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
