//! `GET /api/carts/{cart}`.

use axum::response::Response;
use tradepost_app::cart::{CartView, get_cart};
use tradepost_domain::kernel::ids::CartId;

use crate::document::ReadProblems;
use crate::extract::{Buyer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Shows a cart with the prices of this moment.
#[utoipa::path(
    get,
    path = "/api/carts/{cart}",
    operation_id = "get_cart",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making")),
    responses((status = 200, body = CartView, headers(("ETag" = String, description = "Version, for `If-Match`"))), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, Path(id): Path<CartId>, _: NoParams) -> Result<Response, Problem> {
    let cart = get_cart(&buyer.context, id).await?;
    respond::read(&cart, Some(cart.version))
}
