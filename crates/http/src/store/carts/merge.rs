//! `POST /api/carts/{cart}/merge`.

use axum::response::Response;
use tradepost_app::cart::{CartView, merge_cart};
use tradepost_domain::kernel::ids::CartId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Buyer, Path, WriteRequest};
use crate::problem::Problem;

/// Brings a guest's cart into the account of the customer who is signed in: merged into the latest open cart, or taken over.
#[utoipa::path(
    post,
    path = "/api/carts/{cart}/merge",
    operation_id = "merge_cart",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    buyer.write(request, Vec::new(), |context| async move { Ok(merge_cart(&context, id).await?) }).await
}
