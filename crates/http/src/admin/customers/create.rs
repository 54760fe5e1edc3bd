//! `POST /api/admin/customers`.

use axum::response::Response;
use tradepost_app::customer::{CustomerAdminView, CustomerStaffCreate, create_customer_of_staff};

use crate::document::StaffWriteProblems;
use crate::extract::staff::CustomersWrite;
use crate::extract::{Body, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes an account without a password; a mail lets its owner choose one.
#[utoipa::path(
    post,
    path = "/api/admin/customers",
    operation_id = "create_customer",
    tag = "customers",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CustomerStaffCreate,
    responses((status = 201, body = CustomerAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<CustomersWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<CustomerStaffCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_customer_of_staff(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
