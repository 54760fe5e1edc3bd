//! `PATCH /api/carts/{cart}/lines/{line}`.

use axum::response::Response;
use tradepost_app::cart::{CartView, LinePatch, patch_cart_line};
use tradepost_domain::kernel::ids::{CartId, CartLineId};

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, IfMatch, Path2, WriteRequest};
use crate::problem::Problem;

/// Changes a line of a cart: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/carts/{cart}/lines/{line}",
    operation_id = "patch_cart_line",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("line" = String, Path, description = "Id of the line"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = LinePatch,
    responses((status = 200, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path2(id, line): Path2<CartId, CartLineId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<LinePatch>,
) -> Result<Response, Problem> {
    let (patch, version) = (body.value, version.and_then(IfMatch::version));
    buyer
        .write(request, body.hash, |context| async move {
            Ok(patch_cart_line(&context, (id, line), version, patch).await?)
        })
        .await
}
