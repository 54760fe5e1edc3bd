//! `GET /api/carts`.

use axum::response::Response;
use tradepost_app::cart::{CartView, list_carts};
use tradepost_app::page::Page;

use crate::document::ReadProblems;
use crate::extract::{Buyer, CursorQuery, ListParams, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the open carts of the customer who is signed in, newest first.
#[utoipa::path(
    get,
    path = "/api/carts",
    operation_id = "list_carts",
    tag = "carts",
    params(CursorQuery),
    responses((status = 200, body = Page<CartView>), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    params.finish()?;
    respond::read(&list_carts(&buyer.context, &page).await?, None)
}
