//! `DELETE /api/carts/{cart}/lines/{line}`.

use axum::response::Response;
use tradepost_app::cart::{CartView, remove_cart_line};
use tradepost_domain::kernel::ids::{CartId, CartLineId};

use crate::document::ShopperWriteProblems;
use crate::extract::{Buyer, IfMatch, Path2, WriteRequest};
use crate::problem::Problem;

/// Takes a line out of a cart.
#[utoipa::path(
    delete,
    path = "/api/carts/{cart}/lines/{line}",
    operation_id = "remove_cart_line",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("line" = String, Path, description = "Id of the line"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path2(id, line): Path2<CartId, CartLineId>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    buyer
        .write(request, Vec::new(), |context| async move {
            Ok(remove_cart_line(&context, (id, line), version).await?)
        })
        .await
}
