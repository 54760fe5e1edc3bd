//! `PATCH /api/account/addresses/{customer_address}`.

use axum::response::Response;
use tradepost_app::customer::address::{AddressPatch, CustomerAddressView, patch_customer_address};
use tradepost_domain::kernel::ids::CustomerAddressId;

use crate::document::CustomerWriteProblems;
use crate::extract::{Body, Customer, IfMatch, Path, WriteRequest};
use crate::problem::Problem;

/// Changes one of the customer's addresses: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/account/addresses/{customer_address}",
    operation_id = "patch_address",
    tag = "account",
    params(("customer_address" = String, Path, description = "Id of the address"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = AddressPatch,
    responses((status = 200, body = CustomerAddressView, headers(("ETag" = String, description = "Version, for `If-Match`"))), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    Path(id): Path<CustomerAddressId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Body<AddressPatch>,
) -> Result<Response, Problem> {
    let (patch, whose) = (body.value, (customer.id, id));
    let version = version.and_then(IfMatch::version);
    let run = |context| async move { Ok(patch_customer_address(&context, whose, version, patch).await?) };
    customer.write(request, body.hash, run).await
}
