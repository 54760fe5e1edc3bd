//! `POST /api/admin/webhook-endpoints/{webhook_endpoint}/test`.

use axum::response::Response;
use tradepost_app::webhook::{DeliveryWithAttemptsView, test_webhook_endpoint};
use tradepost_domain::kernel::ids::WebhookEndpointId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::WebhooksWrite;
use crate::extract::{Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Sends a webhook endpoint a `webhook_endpoint.test` event, be it enabled or not, and answers what came of it. It is tried
/// once.
#[utoipa::path(
    post,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}/test",
    operation_id = "test_webhook_endpoint",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = DeliveryWithAttemptsView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksWrite>,
    Path(id): Path<WebhookEndpointId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(Box::pin(test_webhook_endpoint(&context, id)).await?) };
    staff.write(request, Vec::new(), run).await
}
