//! `POST /api/admin/webhook-endpoints`.

use axum::response::Response;
use tradepost_app::webhook::{IssuedWebhookEndpointView, WebhookEndpointCreate, create_webhook_endpoint};

use crate::document::StaffWriteProblems;
use crate::extract::staff::WebhooksWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a webhook endpoint. What signs its deliveries is in `secret` of this answer and nowhere else. The address must be
/// public (422 `url_not_allowed`), and the key must be able to read what it has sent (403 `scope_not_held`).
#[utoipa::path(
    post,
    path = "/api/admin/webhook-endpoints",
    operation_id = "create_webhook_endpoint",
    tag = "webhooks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = WebhookEndpointCreate,
    responses((status = 201, body = IssuedWebhookEndpointView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksWrite>,
    request: WriteRequest,
    body: Body<WebhookEndpointCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_webhook_endpoint(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
