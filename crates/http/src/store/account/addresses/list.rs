//! `GET /api/account/addresses`.

use axum::response::Response;
use tradepost_app::customer::address::{CustomerAddressView, list_customer_addresses};
use tradepost_app::page::Page;

use crate::document::CustomerReadProblems;
use crate::extract::{Customer, ListParams, PageQuery, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the customer's addresses, newest first.
#[utoipa::path(
    get,
    path = "/api/account/addresses",
    operation_id = "list_addresses",
    tag = "account",
    params(PageQuery),
    responses((status = 200, body = Page<CustomerAddressView>), CustomerReadProblems),
    security(("access_token" = []))
)]
pub async fn handler(customer: Customer, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_customer_addresses(&customer.context.shop, customer.id, &page).await?, None)
}
