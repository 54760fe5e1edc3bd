//! `PATCH /api/account`.

use axum::response::Response;
use tradepost_app::customer::{CustomerPatch, CustomerView, patch_customer};

use crate::document::CustomerWriteProblems;
use crate::extract::{Body, Customer, IfMatch, WriteRequest};
use crate::problem::Problem;

/// Changes the account: what is absent stays. The address and the password need `current_password`.
#[utoipa::path(
    patch,
    path = "/api/account",
    operation_id = "patch_account",
    tag = "account",
    params(("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CustomerPatch,
    responses((status = 200, body = CustomerView, headers(("ETag" = String, description = "Version, for `If-Match`"))), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<CustomerPatch>,
) -> Result<Response, Problem> {
    let (patch, who) = (body.value, (customer.id, customer.session_id));
    let version = version.and_then(IfMatch::version);
    let run = |context| async move { Ok(patch_customer(&context, who, version, patch).await?) };
    customer.write(request, body.hash, run).await
}
