//! `GET /api/admin/payments/{payment}`.

use axum::response::Response;
use tradepost_app::payment::{PaymentAdminView, find_payment};
use tradepost_domain::kernel::ids::PaymentId;

use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows a payment with its attempts.
#[utoipa::path(
    get,
    path = "/api/admin/payments/{payment}",
    operation_id = "get_payment_of_staff",
    tag = "payments",
    params(("payment" = String, Path, description = "Id of the payment")),
    responses((status = 200, body = PaymentAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersRead>,
    Path(id): Path<PaymentId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let payment = find_payment(&staff.context.shop, id).await?;
    respond::read(&payment, Some(payment.version))
}
