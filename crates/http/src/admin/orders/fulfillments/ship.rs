//! `POST /api/admin/orders/{order}/fulfillments/{fulfillment}/shipments`.

use axum::response::Response;
use tradepost_app::order::fulfillment::{FulfillmentView, ShipmentCreate, ship_fulfillment};
use tradepost_domain::kernel::ids::{FulfillmentId, OrderId};

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path2, Staff, WriteRequest};
use crate::problem::Problem;

/// Sends a fulfillment: its units leave the shelf.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/fulfillments/{fulfillment}/shipments",
    operation_id = "ship_fulfillment",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("fulfillment" = String, Path, description = "Id of the fulfillment"), ("If-Match" = Option<String>, Header, description = "`ETag` of the fulfillment that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = Option<ShipmentCreate>,
    responses((status = 201, body = FulfillmentView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path2(order, id): Path2<OrderId, FulfillmentId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Option<Body<ShipmentCreate>>,
) -> Result<Response, Problem> {
    let (create, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    let version = version.and_then(IfMatch::version);
    let run = |context| async move {
        Ok(Box::pin(ship_fulfillment(&context, (order, id), version, create)).await?)
    };
    staff.write(request, hash, run).await
}
