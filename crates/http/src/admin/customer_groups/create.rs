//! `POST /api/admin/customer-groups`.

use axum::response::Response;
use tradepost_app::pricing::customer_group::{CustomerGroupCreate, CustomerGroupView};
use tradepost_app::pricing::rule::create_rule;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a group of customers.
#[utoipa::path(
    post,
    path = "/api/admin/customer-groups",
    operation_id = "create_customer_group",
    tag = "customer-groups",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CustomerGroupCreate,
    responses((status = 201, body = CustomerGroupView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<CustomerGroupCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
