//! `GET /api/admin/webhook-endpoints/{webhook_endpoint}/deliveries`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::webhook::{DeliveryFilter, DeliveryView, list_webhook_deliveries};
use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_domain::webhook::{DeliveryState, find_event_type};

use crate::document::StaffReadProblems;
use crate::extract::staff::WebhooksRead;
use crate::extract::{CursorQuery, ListParams, Path, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// What was told to a webhook endpoint in the last thirty days, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/webhook-endpoints/{webhook_endpoint}/deliveries",
    operation_id = "list_webhook_deliveries",
    tag = "webhooks",
    params(
        ("webhook_endpoint" = String, Path, description = "Id of the endpoint"),
        CursorQuery,
        ("filter[state]" = Option<String>, Query, description = "`pending`, `failed`, `delivered` or `dead`"),
        ("filter[event_type]" = Option<String>, Query, description = "Of this event: `order.placed`"),
        ("filter[since]" = Option<String>, Query, description = "Of what happened since then, RFC 3339", format = DateTime)
    ),
    responses((status = 200, body = Page<DeliveryView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<WebhooksRead>,
    Path(id): Path<WebhookEndpointId>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    let state = take_word(&mut params, "filter[state]", |word| DeliveryState::parse(word).is_some())?;
    let event_type = take_word(&mut params, "filter[event_type]", |word| find_event_type(word).is_some())?;
    let since = params.take_parsed("filter[since]", "a time such as 2026-11-01T12:00:00Z")?;
    params.finish()?;
    let filter = DeliveryFilter { state, event_type, since };
    respond::read(&list_webhook_deliveries(&staff.context.shop, id, &filter, &page).await?, None)
}

fn take_word(
    params: &mut ListParams,
    name: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<Option<String>, Problem> {
    match params.take(name) {
        Some(word) if !is_known(&word) => {
            Err(Problem::malformed("invalid_parameter", name, "there is no such one"))
        }
        other => Ok(other),
    }
}
