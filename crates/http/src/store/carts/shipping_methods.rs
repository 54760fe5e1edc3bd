//! `GET /api/carts/{cart}/shipping-methods`.

use axum::response::Response;
use tradepost_app::cart::{ShippingOfferView, list_shipping_offers};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::CartId;

use crate::document::ReadProblems;
use crate::extract::{Buyer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Lists the ways of sending a cart to its address, cheapest first.
#[utoipa::path(
    get,
    path = "/api/carts/{cart}/shipping-methods",
    operation_id = "list_cart_shipping_methods",
    tag = "carts",
    params(("cart" = String, Path, description = "Id of the cart"), ("Cart-Token" = Option<String>, Header, description = "Secret of a guest's cart, told at its making")),
    responses((status = 200, body = Page<ShippingOfferView>), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, Path(id): Path<CartId>, _: NoParams) -> Result<Response, Problem> {
    respond::read(&Page::whole(list_shipping_offers(&buyer.context, id).await?), None)
}
