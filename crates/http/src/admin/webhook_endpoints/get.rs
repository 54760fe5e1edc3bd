//! `GET /api/admin/webhook-endpoints/{webhook_endpoint}`.

use axum::response::Response;
use tradepost_app::webhook::{WebhookEndpointView, find_webhook_endpoint};
use tradepost_domain::kernel::ids::WebhookEndpointId;

use crate::document::StaffReadProblems;
use crate::extract::staff::WebhooksRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one webhook endpoint, without its secret.
#[utoipa::path(
    get,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}",
    operation_id = "get_webhook_endpoint",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = WebhookEndpointView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksRead>,
    Path(id): Path<WebhookEndpointId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_webhook_endpoint(&staff.context.shop, id).await?;
    let endpoint = found.ok_or_else(|| Problem::missing("webhook_endpoint"))?;
    respond::read(&endpoint, Some(endpoint.version))
}
