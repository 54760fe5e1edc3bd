//! `POST /api/payments/webhook`: Stripe's.

use axum::extract::{Request, State};
use axum::response::Response;
use tradepost_domain::payment::PaymentProvider;

use super::provider_webhook::receive;
use crate::document::ShopperWriteProblems;
use crate::problem::Problem;
use crate::state::ApiState;

/// Takes an event of Stripe in. It is stored before it is acknowledged, and once however often it comes.
#[utoipa::path(
    post,
    path = "/api/payments/webhook",
    operation_id = "receive_stripe_webhook",
    tag = "payments",
    params(("Stripe-Signature" = String, Header, description = "Signature of the body")),
    request_body = Object,
    responses((status = 200, description = "It is stored"), ShopperWriteProblems),
    security(())
)]
pub async fn handler(State(state): State<ApiState>, request: Request) -> Result<Response, Problem> {
    receive(&state, PaymentProvider::Stripe, request).await
}
