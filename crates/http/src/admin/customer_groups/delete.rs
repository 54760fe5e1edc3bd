//! `DELETE /api/admin/customer-groups/{customer_group}`.

use axum::response::Response;
use tradepost_app::pricing::customer_group::CustomerGroupCreate;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_domain::kernel::ids::CustomerGroupId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a group of customers. No price rule may name it.
#[utoipa::path(
    delete,
    path = "/api/admin/customer-groups/{customer_group}",
    operation_id = "delete_customer_group",
    tag = "customer-groups",
    params(("customer_group" = String, Path, description = "Id or handle of the group of customers"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<CustomerGroupId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run = |context| async move {
        Ok(delete_rule::<CustomerGroupCreate>(&context, &key.into(), version).await?)
    };
    staff.write(request, Vec::new(), run).await
}
