//! `GET /api/payments/{payment}/status`.

use axum::response::Response;
use tradepost_app::payment::{PaymentStatusView, get_payment_status};
use tradepost_domain::kernel::ids::PaymentId;

use crate::document::ReadProblems;
use crate::extract::{Buyer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Says how far a payment has come.
#[utoipa::path(
    get,
    path = "/api/payments/{payment}/status",
    operation_id = "get_payment_status",
    tag = "payments",
    params(("payment" = String, Path, description = "Id of the payment"), ("Order-Token" = Option<String>, Header, description = "Secret of a guest's order, told at its placing")),
    responses((status = 200, body = PaymentStatusView), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, Path(id): Path<PaymentId>, _: NoParams) -> Result<Response, Problem> {
    respond::read(&get_payment_status(&buyer.context, id).await?, None)
}
