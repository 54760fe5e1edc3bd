//! `GET /api/admin/webhook-endpoints/{webhook_endpoint}/deliveries/{event}`.

use axum::response::Response;
use tradepost_app::webhook::{DeliveryWithAttemptsView, find_webhook_delivery};
use tradepost_domain::kernel::ids::{EventId, WebhookEndpointId};

use crate::document::StaffReadProblems;
use crate::extract::staff::WebhooksRead;
use crate::extract::{NoParams, Path2, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one delivery with its tries. Its id is the event's: what the receiver finds in the header `webhook-id`.
#[utoipa::path(
    get,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}/deliveries/{event}",
    operation_id = "get_webhook_delivery",
    tag = "webhooks",
    params(("webhook_endpoint" = String, Path, description = "Id of the endpoint"), ("event" = String, Path, description = "Id of the event")),
    responses((status = 200, body = DeliveryWithAttemptsView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksRead>,
    Path2(endpoint, event): Path2<WebhookEndpointId, EventId>,
    _: NoParams,
) -> Result<Response, Problem> {
    respond::read(&find_webhook_delivery(&staff.context.shop, endpoint, event).await?, None)
}
