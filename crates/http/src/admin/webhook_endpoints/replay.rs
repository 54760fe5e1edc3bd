//! `POST /api/admin/webhook-endpoints/{webhook_endpoint}/replay`.

use axum::response::Response;
use tradepost_app::webhook::{WebhookReplay, WebhookReplayView, replay_webhook_deliveries};
use tradepost_domain::kernel::ids::WebhookEndpointId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::WebhooksWrite;
use crate::extract::{Body, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Sends events anew: what happened since a date and was not taken (or all of it), or one delivery. Each keeps its
/// `webhook-id`.
#[utoipa::path(
    post,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}/replay",
    operation_id = "replay_webhook_deliveries",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = WebhookReplay,
    responses((status = 202, body = WebhookReplayView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksWrite>,
    Path(id): Path<WebhookEndpointId>,
    request: WriteRequest,
    body: Body<WebhookReplay>,
) -> Result<Response, Problem> {
    let replay = body.value;
    let run = |context| async move { Ok(replay_webhook_deliveries(&context, id, replay).await?) };
    staff.write(request, body.hash, run).await
}
