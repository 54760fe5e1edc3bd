//! `PATCH /api/admin/customers/{customer}`.

use axum::response::Response;
use tradepost_app::customer::{CustomerAdminView, CustomerStaffPatch, patch_customer_of_staff};
use tradepost_domain::kernel::ids::CustomerId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::CustomersWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a customer's groups, or closes and opens the account: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/customers/{customer}",
    operation_id = "patch_customer",
    tag = "customers",
    params(("customer" = String, Path, description = "Id of the customer"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CustomerStaffPatch,
    responses((status = 200, body = CustomerAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<CustomersWrite>,
    Path(id): Path<CustomerId>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<CustomerStaffPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run =
        |context| async move { Ok(patch_customer_of_staff(&context, id, version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
