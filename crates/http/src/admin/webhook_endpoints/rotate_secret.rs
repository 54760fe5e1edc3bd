//! `POST /api/admin/webhook-endpoints/{webhook_endpoint}/rotate-secret`.

use axum::response::Response;
use tradepost_app::webhook::{IssuedWebhookEndpointView, WebhookSecretRotate, rotate_webhook_secret};
use tradepost_domain::kernel::ids::WebhookEndpointId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::WebhooksWrite;
use crate::extract::{Body, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Gives a webhook endpoint a new secret, which is in `secret` of this answer. For 24 hours the former one signs too, so
/// that a receiver that knows either takes every delivery.
#[utoipa::path(
    post,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}/rotate-secret",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = Option<WebhookSecretRotate>,
    responses((status = 200, body = IssuedWebhookEndpointView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksWrite>,
    Path(id): Path<WebhookEndpointId>,
    request: WriteRequest,
    body: Option<Body<WebhookSecretRotate>>,
) -> Result<Response, Problem> {
    let (rotate, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    let run = |context| async move { Ok(rotate_webhook_secret(&context, id, rotate).await?) };
    staff.write(request, hash, run).await
}
