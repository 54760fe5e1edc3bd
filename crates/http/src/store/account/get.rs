//! `GET /api/account`.

use axum::response::Response;
use tradepost_app::customer::{CustomerView, closed_account, find_customer};

use crate::document::CustomerReadProblems;
use crate::extract::{Customer, NoParams};
use crate::problem::Problem;
use crate::respond;

/// Shows the account of the customer who is signed in.
#[utoipa::path(
    get,
    path = "/api/account",
    operation_id = "get_account",
    tag = "account",
    responses((status = 200, body = CustomerView, headers(("ETag" = String, description = "Version, for `If-Match`"))), CustomerReadProblems),
    security(("access_token" = []))
)]
pub async fn handler(customer: Customer, _: NoParams) -> Result<Response, Problem> {
    let found = find_customer(&customer.context.shop, customer.id).await?;
    let view = found.ok_or_else(closed_account)?;
    respond::read(&view, Some(view.version))
}
