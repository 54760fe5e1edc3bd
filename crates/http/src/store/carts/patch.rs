//! `PATCH /api/carts/{cart}`.

use axum::response::Response;
use tradepost_app::cart::{CartPatch, CartView, patch_cart};
use tradepost_domain::kernel::ids::CartId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, IfMatch, Path, WriteRequest};
use crate::problem::Problem;

/// Changes what a cart says of its buyer: what is absent stays, null clears.
#[utoipa::path(
    patch,
    path = "/api/carts/{cart}",
    operation_id = "patch_cart",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CartPatch,
    responses((status = 200, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<CartId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<CartPatch>,
) -> Result<Response, Problem> {
    let (patch, version) = (body.value, version.and_then(IfMatch::version));
    buyer
        .write(
            request,
            body.hash,
            |context| async move { Ok(patch_cart(&context, id, version, patch).await?) },
        )
        .await
}
