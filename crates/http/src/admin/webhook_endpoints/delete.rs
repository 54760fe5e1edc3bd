//! `DELETE /api/admin/webhook-endpoints/{webhook_endpoint}`.

use axum::response::Response;
use tradepost_app::webhook::delete_webhook_endpoint;
use tradepost_domain::kernel::ids::WebhookEndpointId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::WebhooksWrite;
use crate::extract::{IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a webhook endpoint with its deliveries, also those that wait.
#[utoipa::path(
    delete,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}",
    operation_id = "delete_webhook_endpoint",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksWrite>,
    Path(id): Path<WebhookEndpointId>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run = |context| async move { Ok(delete_webhook_endpoint(&context, id, version).await?) };
    staff.write(request, Vec::new(), run).await
}
