//! `POST /api/account/addresses`.

use axum::response::Response;
use tradepost_app::customer::address::{CustomerAddressCreate, CustomerAddressView, create_customer_address};

use crate::document::CustomerWriteProblems;
use crate::extract::{Body, Customer, WriteRequest};
use crate::problem::Problem;

/// Keeps another address. The first one becomes both defaults.
#[utoipa::path(
    post,
    path = "/api/account/addresses",
    operation_id = "create_address",
    tag = "account",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CustomerAddressCreate,
    responses((status = 201, body = CustomerAddressView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    request: WriteRequest,
    body: Body<CustomerAddressCreate>,
) -> Result<Response, Problem> {
    let (create, id) = (body.value, customer.id);
    let run = |context| async move { Ok(create_customer_address(&context, id, create).await?) };
    customer.write(request, body.hash, run).await
}
