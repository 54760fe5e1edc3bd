//! `POST /api/orders/{order}/cancel`.

use axum::response::Response;
use tradepost_app::order::{OrderCancel, OrderView, cancel_own_order};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, IfMatch, Path, WriteRequest};
use crate::problem::Problem;

/// Gives an order up, as long as nothing of it is sent; what was paid is refunded.
#[utoipa::path(
    post,
    path = "/api/orders/{order}/cancel",
    operation_id = "cancel_order",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("Order-Token" = Option<String>, Header, description = "Secret of a guest's order, told at its placing"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = Option<OrderCancel>,
    responses((status = 200, body = OrderView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<OrderId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Option<Body<OrderCancel>>,
) -> Result<Response, Problem> {
    let (cancel, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    let version = version.and_then(IfMatch::version);
    buyer
        .write(
            request,
            hash,
            |context| async move { Ok(cancel_own_order(&context, id, version, &cancel).await?) },
        )
        .await
}
