//! `DELETE /api/carts/{cart}/coupons/{code}`.

use axum::response::Response;
use tradepost_app::cart::{CartView, remove_cart_coupon};
use tradepost_domain::kernel::ids::CartId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Buyer, IfMatch, Path2, Word, WriteRequest};
use crate::problem::Problem;

/// Takes a coupon out of a cart.
#[utoipa::path(
    delete,
    path = "/api/carts/{cart}/coupons/{code}",
    operation_id = "remove_cart_coupon",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("code" = String, Path, description = "Code of the coupon"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path2(id, Word(code)): Path2<CartId, Word>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    buyer
        .write(request, Vec::new(), |context| async move {
            Ok(remove_cart_coupon(&context, id, version, &code).await?)
        })
        .await
}
