//! `PATCH /api/admin/customer-groups/{customer_group}`.

use axum::response::Response;
use tradepost_app::pricing::customer_group::{CustomerGroupCreate, CustomerGroupPatch, CustomerGroupView};
use tradepost_app::pricing::rule::patch_rule;
use tradepost_domain::kernel::ids::CustomerGroupId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a group of customers: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/customer-groups/{customer_group}",
    operation_id = "patch_customer_group",
    tag = "customer-groups",
    params(("customer_group" = String, Path, description = "Id or handle of the group of customers"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CustomerGroupPatch,
    responses((status = 200, body = CustomerGroupView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<CustomerGroupId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<CustomerGroupCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
