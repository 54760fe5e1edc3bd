//! `POST /api/admin/orders/{order}/fulfillments`.

use axum::response::Response;
use tradepost_app::order::fulfillment::{FulfillmentCreate, FulfillmentView, create_fulfillment};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes units of an order together that are to leave one place; all that is left when no lines are named. They leave
/// with a shipment.
#[utoipa::path(
    post,
    path = "/api/admin/orders/{order}/fulfillments",
    operation_id = "create_fulfillment",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("If-Match" = Option<String>, Header, description = "`ETag` of the order that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = Option<FulfillmentCreate>,
    responses((status = 201, body = FulfillmentView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<OrderId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Option<Body<FulfillmentCreate>>,
) -> Result<Response, Problem> {
    let (create, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(Box::pin(create_fulfillment(&context, id, version, &create)).await?) };
    staff.write(request, hash, run).await
}
