//! `DELETE /api/account`.

use axum::response::Response;
use tradepost_app::customer::erase_customer;
use tradepost_app::idempotency::body_hash;

use crate::document::CustomerWriteProblems;
use crate::extract::{Customer, WriteRequest};
use crate::problem::Problem;

/// Erases the account: nothing of the person is left, and every session ends.
#[utoipa::path(
    delete,
    path = "/api/account",
    operation_id = "delete_account",
    tag = "account",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204, description = "The account is erased"), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(customer: Customer, request: WriteRequest) -> Result<Response, Problem> {
    let id = customer.id;
    let run = |context| async move { Ok(erase_customer(&context, id).await?) };
    customer.write(request, body_hash(b""), run).await
}
