//! `GET /api/account/payment-methods`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::payment::method::{SavedPaymentMethodView, list_payment_methods};

use crate::document::CustomerReadProblems;
use crate::extract::{Customer, ListParams, PageQuery, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists what the customer keeps to pay with, newest first.
#[utoipa::path(
    get,
    path = "/api/account/payment-methods",
    operation_id = "list_payment_methods",
    tag = "account",
    params(PageQuery),
    responses((status = 200, body = Page<SavedPaymentMethodView>), CustomerReadProblems),
    security(("access_token" = []))
)]
pub async fn handler(customer: Customer, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_payment_methods(&customer.context.shop, customer.id, &page).await?, None)
}
