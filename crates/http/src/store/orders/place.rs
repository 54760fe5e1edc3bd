//! `POST /api/orders`.

use axum::response::Response;
use tradepost_app::crash::CrashPoint;
use tradepost_app::order::{OrderCreate, PlacedOrderView, place_order};

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, WriteRequest};
use crate::problem::Problem;

/// Places an order, of a cart or of items. A guest is told its secret this once.
#[utoipa::path(
    post,
    path = "/api/orders",
    operation_id = "place_order",
    tag = "orders",
    params(("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("Idempotency-Key" = String, Header, description = "Makes a repeat of the request give the same answer; a new one for each new request")),
    request_body = OrderCreate,
    responses((status = 201, body = PlacedOrderView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    request: WriteRequest,
    body: Body<OrderCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    buyer.context.caller.shop.checkout.crash.point(CrashPoint::BeforeOrder);
    buyer
        .write_claiming(request, body.hash, |context| {
            let create = create.clone();
            async move { Box::pin(place_order(&context, create)).await }
        })
        .await
}
