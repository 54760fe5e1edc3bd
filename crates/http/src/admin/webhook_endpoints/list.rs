//! `GET /api/admin/webhook-endpoints`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::webhook::{WebhookEndpointView, list_webhook_endpoints};

use crate::document::StaffReadProblems;
use crate::extract::staff::WebhooksRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the webhook endpoints, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/webhook-endpoints",
    operation_id = "list_webhook_endpoints",
    tag = "webhooks",
    params(PageQuery),
    responses((status = 200, body = Page<WebhookEndpointView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<WebhooksRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_webhook_endpoints(&staff.context.shop, &page).await?, None)
}
