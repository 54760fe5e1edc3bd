//! `PATCH /api/admin/webhook-endpoints/{webhook_endpoint}`.

use axum::response::Response;
use tradepost_app::webhook::{IssuedWebhookEndpointView, WebhookEndpointPatch, patch_webhook_endpoint};
use tradepost_domain::kernel::ids::WebhookEndpointId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::WebhooksWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a webhook endpoint: what is absent stays. A new `url` without the right `current_secret` comes with a new
/// secret, which is in `secret` of this answer.
#[utoipa::path(
    patch,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}",
    operation_id = "patch_webhook_endpoint",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = WebhookEndpointPatch,
    responses((status = 200, body = IssuedWebhookEndpointView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksWrite>,
    Path(id): Path<WebhookEndpointId>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<WebhookEndpointPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run =
        |context| async move { Ok(patch_webhook_endpoint(&context, id, version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
