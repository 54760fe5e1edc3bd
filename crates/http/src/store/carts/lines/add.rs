//! `POST /api/carts/{cart}/lines`.

use axum::response::Response;
use tradepost_app::cart::{CartView, LineAdd, add_cart_line};
use tradepost_domain::kernel::ids::CartId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, IfMatch, Path, WriteRequest};
use crate::problem::Problem;

/// Puts units of a variant into a cart: into its line, when it has one.
#[utoipa::path(
    post,
    path = "/api/carts/{cart}/lines",
    operation_id = "add_cart_line",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = LineAdd,
    responses((status = 201, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<CartId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<LineAdd>,
) -> Result<Response, Problem> {
    let (line, version) = (body.value, version.and_then(IfMatch::version));
    buyer
        .write(
            request,
            body.hash,
            |context| async move { Ok(add_cart_line(&context, id, version, line).await?) },
        )
        .await
}
