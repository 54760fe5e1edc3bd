//! `GET /api/account/addresses/{customer_address}`.

use axum::response::Response;
use tradepost_app::customer::address::{CustomerAddressView, find_customer_address};
use tradepost_domain::kernel::ids::CustomerAddressId;

use crate::document::CustomerReadProblems;
use crate::extract::{Customer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Shows one of the customer's addresses.
#[utoipa::path(
    get,
    path = "/api/account/addresses/{customer_address}",
    operation_id = "get_address",
    tag = "account",
    params(("customer_address" = String, Path, description = "Id of the address")),
    responses((status = 200, body = CustomerAddressView, headers(("ETag" = String, description = "Version, for `If-Match`"))), CustomerReadProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    Path(id): Path<CustomerAddressId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_customer_address(&customer.context.shop, customer.id, id).await?;
    let view = found.ok_or_else(|| Problem::missing("customer_address"))?;
    respond::read(&view, Some(view.version))
}
