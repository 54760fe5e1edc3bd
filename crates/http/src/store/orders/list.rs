//! `GET /api/orders`.

use axum::response::Response;
use tradepost_app::order::{OrderView, list_own_orders};
use tradepost_app::page::Page;

use crate::document::ReadProblems;
use crate::extract::{Buyer, CursorQuery, ListParams, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the orders of the customer who is signed in, newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    operation_id = "list_orders",
    tag = "orders",
    params(CursorQuery),
    responses((status = 200, body = Page<OrderView>), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    params.finish()?;
    respond::read(&list_own_orders(&buyer.context, &page).await?, None)
}
