//! `GET /api/account/export`.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use tradepost_app::customer::{CustomerExport, closed_account, export_customer};

use crate::document::CustomerReadProblems;
use crate::extract::{Customer, NoParams};
use crate::problem::Problem;
use crate::respond;

/// Everything that the shop knows of the customer, to take along.
#[utoipa::path(
    get,
    path = "/api/account/export",
    operation_id = "export_account",
    tag = "account",
    responses((status = 200, body = CustomerExport), CustomerReadProblems),
    security(("access_token" = []))
)]
pub async fn handler(customer: Customer, _: NoParams) -> Result<Response, Problem> {
    let found = export_customer(&customer.context.shop, customer.id).await?;
    let mut response = respond::read(&found.ok_or_else(closed_account)?, None)?;
    let disposition = HeaderValue::from_static("attachment; filename=\"account.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}
