//! `GET /api/payments/{payment}`.

use axum::response::Response;
use tradepost_app::payment::{PaymentView, get_payment};
use tradepost_domain::kernel::ids::PaymentId;

use crate::document::ReadProblems;
use crate::extract::{Buyer, NoParams, Path};
use crate::problem::Problem;
use crate::respond;

/// Shows a payment to whoever may open its order.
#[utoipa::path(
    get,
    path = "/api/payments/{payment}",
    operation_id = "get_payment",
    tag = "payments",
    params(("payment" = String, Path, description = "Id of the payment"), ("Order-Token" = Option<String>, Header, description = "Secret of a guest's order, told at its placing")),
    responses((status = 200, body = PaymentView), ReadProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(buyer: Buyer, Path(id): Path<PaymentId>, _: NoParams) -> Result<Response, Problem> {
    respond::read(&get_payment(&buyer.context, id).await?, None)
}
