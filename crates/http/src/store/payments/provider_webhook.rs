//! `POST /api/payments/webhook/{provider}`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::payment::{ReceiveWebhookError, receive_webhook};
use tradepost_domain::kernel::limits::BODY_BYTES_MAX;
use tradepost_domain::payment::PaymentProvider;

use crate::document::ShopperWriteProblems;
use crate::extract::{Path, Word, body};
use crate::problem::Problem;
use crate::respond;
use crate::state::ApiState;

/// Takes an event of a payment provider in. It is stored before it is acknowledged, and once however often it comes.
#[utoipa::path(
    post,
    path = "/api/payments/webhook/{provider}",
    operation_id = "receive_webhook",
    tag = "payments",
    params(("provider" = String, Path, description = "Who sends it: `stripe`")),
    request_body = Object,
    responses((status = 200, description = "It is stored"), ShopperWriteProblems),
    security(())
)]
pub async fn handler(
    State(state): State<ApiState>,
    Path(Word(provider)): Path<Word>,
    request: Request,
) -> Result<Response, Problem> {
    let provider = PaymentProvider::parse(&provider).ok_or_else(|| Problem::missing("provider"))?;
    receive(&state, provider, request).await
}

/// Reads the body as it came, since its signature is of the very bytes, and stores it.
pub async fn receive(
    state: &ApiState,
    provider: PaymentProvider,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, raw) = request.into_parts();
    let bytes = body::read(raw, BODY_BYTES_MAX).await?;
    let signature = |name: &str| {
        let mut values = parts.headers.get_all(name).iter();
        // Two signatures are none: which of them was meant is not for us to guess.
        values
            .next()
            .filter(|_| values.next().is_none())
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    receive_webhook(&state.shop, provider, signature, &bytes).await?;
    Ok(respond::private(StatusCode::OK, b"{\"received\":true}".to_vec(), None, None))
}

impl From<ReceiveWebhookError> for Problem {
    fn from(error: ReceiveWebhookError) -> Self {
        match error {
            ReceiveWebhookError::UnknownProvider => Self::missing("provider"),
            ReceiveWebhookError::Refused(refused) => {
                tracing::warn!(error = %refused, "a webhook was refused");
                Self::malformed("invalid_webhook", "signature", refused.to_string())
            }
            ReceiveWebhookError::Store(error) => error.into(),
        }
    }
}
