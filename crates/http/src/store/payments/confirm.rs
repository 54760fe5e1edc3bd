//! `POST /api/payments/{payment}/confirm`.

use axum::response::Response;
use tradepost_app::payment::{PaymentConfirm, PaymentView, confirm_payment};
use tradepost_domain::kernel::ids::PaymentId;

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, Buyer, Path, WriteRequest, required_key};
use crate::problem::Problem;

/// Confirms a payment: the built-in provider is told what is to come of it, others are given what to pay with.
#[utoipa::path(
    post,
    path = "/api/payments/{payment}/confirm",
    operation_id = "confirm_payment",
    tag = "payments",
    params(("payment" = String, Path, description = "Id of the payment"), ("Order-Token" = Option<String>, Header, description = "Secret of a guest's order, told at its placing"), ("Idempotency-Key" = String, Header, description = "Makes a repeat of the request give the same answer; a new one for each new request")),
    request_body = Option<PaymentConfirm>,
    responses((status = 200, body = PaymentView), ShopperWriteProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    buyer: Buyer,
    Path(id): Path<PaymentId>,
    request: WriteRequest,
    body: Option<Body<PaymentConfirm>>,
) -> Result<Response, Problem> {
    let request = required_key(request)?;
    let (confirm, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    buyer
        .write(
            request,
            hash,
            |context| async move { Ok(Box::pin(confirm_payment(&context, id, confirm)).await?) },
        )
        .await
}
