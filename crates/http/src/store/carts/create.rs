//! `POST /api/carts`.

use axum::response::Response;
use tradepost_app::cart::{CartCreate, CartView, create_cart};
use tradepost_app::idempotency::body_hash;

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, WriteRequest};
use crate::problem::Problem;

/// Makes a cart. A guest is told its secret this once.
#[utoipa::path(
    post,
    path = "/api/carts",
    operation_id = "create_cart",
    tag = "carts",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = Option<CartCreate>,
    responses((status = 201, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    request: WriteRequest,
    body: Option<Body<CartCreate>>,
) -> Result<Response, Problem> {
    let (create, hash) =
        body.map_or_else(|| (CartCreate::default(), body_hash(b"")), |body| (body.value, body.hash));
    buyer.write(request, hash, |context| async move { Ok(create_cart(&context, create).await?) }).await
}
