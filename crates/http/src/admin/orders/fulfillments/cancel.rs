//! `POST /api/admin/orders/{order}/fulfillments/{fulfillment}/cancel`.

use axum::response::Response;
use tradepost_app::idempotency::body_hash;
use tradepost_app::order::fulfillment::{FulfillmentView, cancel_fulfillment};
use tradepost_domain::kernel::ids::{FulfillmentId, OrderId};

use crate::admin::products::Nothing;
use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path2, Staff, WriteRequest};
use crate::problem::Problem;

/// Gives a fulfillment up before it leaves: its units may be taken for another.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/fulfillments/{fulfillment}/cancel",
    operation_id = "cancel_fulfillment",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("fulfillment" = String, Path, description = "Id of the fulfillment"), ("If-Match" = Option<String>, Header, description = "`ETag` of the fulfillment that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = FulfillmentView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path2(order, id): Path2<OrderId, FulfillmentId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Option<Body<Nothing>>,
) -> Result<Response, Problem> {
    let hash = body.map_or_else(|| body_hash(b""), |body| body.hash);
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(Box::pin(cancel_fulfillment(&context, (order, id), version)).await?) };
    staff.write(request, hash, run).await
}
