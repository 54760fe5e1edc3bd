//! `GET /api/admin/webhook-event-types`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::webhook::{EventTypeView, list_event_types};

use crate::document::StaffReadProblems;
use crate::extract::staff::WebhooksRead;
use crate::extract::{NoParams, Staff};
use crate::problem::Problem;
use crate::respond;

/// Lists every event that a webhook endpoint can ask for, by name. A key can have sent what it can read.
#[utoipa::path(
    get,
    path = "/api/admin/webhook-event-types",
    operation_id = "list_webhook_event_types",
    tag = "webhooks",
    responses((status = 200, body = Page<EventTypeView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(_: Staff<WebhooksRead>, _: NoParams) -> Result<Response, Problem> {
    respond::read(&list_event_types(), None)
}
