//! `GET /api/carts/{cart}/explain`.

use axum::response::Response;
use tradepost_app::cart::explain_cart;
use tradepost_domain::kernel::ids::CartId;

use crate::document::ReadProblems;
use crate::extract::{Buyer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Says why a cart comes to what it does: each rule that was looked at, applied or not, and why.
#[utoipa::path(
    get,
    path = "/api/carts/{cart}/explain",
    operation_id = "explain_cart",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making")),
    responses((status = 200, body = Object), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, Path(id): Path<CartId>, _: NoParams) -> Result<Response, Problem> {
    respond::read(&explain_cart(&buyer.context, id).await?, None)
}
