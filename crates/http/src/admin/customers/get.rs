//! `GET /api/admin/customers/{customer}`.

use axum::response::Response;
use tradepost_app::customer::{CustomerAdminView, find_customer_of_staff};
use tradepost_domain::kernel::ids::CustomerId;

use crate::document::StaffReadProblems;
use crate::extract::staff::CustomersRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one customer.
#[utoipa::path(
    get,
    path = "/api/admin/customers/{customer}",
    operation_id = "get_customer",
    tag = "customers",
    params(("customer" = String, Path, description = "Id of the customer")),
    responses((status = 200, body = CustomerAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<CustomersRead>,
    Path(id): Path<CustomerId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_customer_of_staff(&staff.context.shop, id).await?;
    let customer = found.ok_or_else(|| Problem::missing("customer"))?;
    respond::read(&customer, Some(customer.version))
}
