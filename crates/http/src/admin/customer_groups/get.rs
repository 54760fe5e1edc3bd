//! `GET /api/admin/customer-groups/{customer_group}`.

use axum::response::Response;
use tradepost_app::pricing::customer_group::{CustomerGroupCreate, CustomerGroupView};
use tradepost_app::pricing::rule::find_rule;
use tradepost_domain::kernel::ids::CustomerGroupId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one group of customers.
#[utoipa::path(
    get,
    path = "/api/admin/customer-groups/{customer_group}",
    operation_id = "get_customer_group",
    tag = "customer-groups",
    params(("customer_group" = String, Path, description = "Id or handle of the group of customers")),
    responses((status = 200, body = CustomerGroupView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<CustomerGroupId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<CustomerGroupCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("customer_group"))?;
    respond::read(&rule, Some(rule.version))
}
