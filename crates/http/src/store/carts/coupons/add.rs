//! `POST /api/carts/{cart}/coupons`.

use axum::response::Response;
use tradepost_app::cart::{CartView, CouponAdd, add_cart_coupon};
use tradepost_domain::kernel::ids::CartId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, IfMatch, Path, WriteRequest};
use crate::problem::Problem;

/// Enters a coupon. One that takes nothing off at present is kept, and the cart says why.
#[utoipa::path(
    post,
    path = "/api/carts/{cart}/coupons",
    operation_id = "add_cart_coupon",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CouponAdd,
    responses((status = 201, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<CartId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<CouponAdd>,
) -> Result<Response, Problem> {
    let (coupon, version) = (body.value, version.and_then(IfMatch::version));
    buyer
        .write(request, body.hash, |context| async move {
            Ok(add_cart_coupon(&context, id, version, coupon).await?)
        })
        .await
}
