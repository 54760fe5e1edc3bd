//! `DELETE /api/account/addresses/{customer_address}`.

use axum::response::Response;
use tradepost_app::customer::address::delete_customer_address;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::CustomerAddressId;

use crate::document::CustomerWriteProblems;
use crate::extract::{Customer, IfMatch, Path, WriteRequest};
use crate::problem::Problem;

/// Forgets one of the customer's addresses.
#[utoipa::path(
    delete,
    path = "/api/account/addresses/{customer_address}",
    operation_id = "delete_address",
    tag = "account",
    params(("customer_address" = String, Path, description = "Id of the address"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204, description = "The address is forgotten"), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    Path(id): Path<CustomerAddressId>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let owner = customer.id;
    let version = version.and_then(IfMatch::version);
    let run = |context| async move { Ok(delete_customer_address(&context, owner, id, version).await?) };
    customer.write(request, body_hash(b""), run).await
}
