//! `POST /api/orders/{order}/claim`.

use axum::response::Response;
use tradepost_app::order::{OrderView, claim_order};
use tradepost_domain::kernel::ids::OrderId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Buyer, Path, WriteRequest};
use crate::problem::Problem;

/// Gives a guest's order to the customer who is signed in; its token opens nothing afterwards.
#[utoipa::path(
    post,
    path = "/api/orders/{order}/claim",
    operation_id = "claim_order",
    tag = "orders",
    params(("order" = String, Path, description = "Id of the order"), ("Order-Token" = Option<String>, Header, description = "Secret of a guest's order, told at its placing"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = OrderView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    buyer.write(request, Vec::new(), |context| async move { Ok(claim_order(&context, id).await?) }).await
}
