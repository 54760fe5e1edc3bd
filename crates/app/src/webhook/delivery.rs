//! What was told to an endpoint, and what came of it.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::{EventId, WebhookEndpointId};
use tradepost_store::Client;
use tradepost_store::webhook::delivery::{self, AttemptRow, DeliveryFilter, DeliveryRow};
use tradepost_store::webhook::endpoint;
use utoipa::ToSchema;

use super::view::WebhookEndpointView;
use crate::change::missing;
use crate::error::WriteError;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// The telling of an event to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The event: what the receiver finds in the header `webhook-id`.
    #[schema(value_type = String, example = "evt_01000000000000000000000001")]
    pub id: EventId,
    /// What it tells of.
    #[schema(example = "order.placed")]
    pub event_type: String,
    /// `pending`, `failed` (to be tried again), `delivered` or `dead` (given up).
    pub state: String,
    /// Tries so far.
    pub attempt_count: i32,
    /// When it is tried next.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// When it was taken or given up.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let DeliveryRow { event_id, event_type, state, attempts, next_at, created_at, finished_at } = row;
        Self { id: event_id, event_type, state, attempt_count: attempts, next_at, finished_at, created_at }
    }
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryAttemptView {
    /// Which, from 1.
    pub number: i32,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// Status of the answer.
    #[schema(required = true)]
    pub status_code: Option<i32>,
    /// Beginning of the answer, 1 KiB at most.
    #[schema(required = true)]
    pub response: Option<String>,
    /// Why there is no answer.
    #[schema(required = true)]
    pub error: Option<String>,
}

impl From<AttemptRow> for DeliveryAttemptView {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { number, at, duration_ms, status_code, response, error } = row;
        Self { number, at, duration_ms, status_code, response, error }
    }
}

/// A delivery with its tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryWithAttemptsView {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The last hundred tries, newest first.
    pub attempts: Vec<DeliveryAttemptView>,
}

/// A page of the deliveries to an endpoint, newest first.
pub async fn list_webhook_deliveries(
    shop: &Shop,
    id: WebhookEndpointId,
    filter: &DeliveryFilter,
    page: &PageRequest<EventId>,
) -> Result<Page<DeliveryView>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    endpoint::get(&conn, id).await?.ok_or_else(missing::<WebhookEndpointView>)?;
    let rows = delivery::list(&conn, id, filter, (page.after, page.rows())).await?;
    Ok(Page::new(page, rows, None, |row| row.event_id).map(DeliveryView::from))
}

/// One delivery with its tries.
pub async fn find_webhook_delivery(
    shop: &Shop,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<DeliveryWithAttemptsView, WriteError> {
    with_attempts(&*shop.store.admin().conn().await?, endpoint, event).await
}

pub(super) async fn with_attempts(
    client: &Client,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<DeliveryWithAttemptsView, WriteError> {
    let found = delivery::get(client, endpoint, event).await?;
    let delivery = found.ok_or(WriteError::NotFound { kind: "webhook_delivery" })?.into();
    let attempts = delivery::attempts(client, endpoint, event).await?;
    Ok(DeliveryWithAttemptsView {
        delivery,
        attempts: attempts.into_iter().map(DeliveryAttemptView::from).collect(),
    })
}
