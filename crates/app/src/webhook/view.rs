//! An endpoint as staff see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_store::webhook::endpoint::EndpointRow;
use utoipa::ToSchema;

use super::signature::WebhookSecret;
use crate::change::resource;

/// Whether an endpoint is told of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
}

/// An endpoint without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookEndpointView {
    /// Id.
    #[schema(value_type = String, example = "whe_01000000000000000000000001")]
    pub id: WebhookEndpointId,
    /// Where events are sent.
    pub url: String,
    /// What staff call it.
    pub description: String,
    /// What it is told: names of events, `order.*`, or `*`.
    pub event_types: Vec<String>,
    /// Whether it is told.
    pub status: EndpointStatus,
    /// Why it is disabled: `staff`, `gone` (it answered 410) or `failing` (it took nothing for five days).
    #[schema(required = true)]
    pub disabled_reason: Option<String>,
    /// Since when it is.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
    /// Since when it took nothing; null while it does.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<Timestamp>,
    /// Until when its former secret signs too.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub former_secret_until: Option<Timestamp>,
    /// Deliveries at the same time; 1 while it fails.
    pub concurrency: i32,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(WebhookEndpointView, WebhookEndpointId, "webhook_endpoint", "/api/admin/webhook-endpoints");

impl From<&EndpointRow> for WebhookEndpointView {
    fn from(row: &EndpointRow) -> Self {
        let (disabled_reason, disabled_at) = row.disabled.clone().unzip();
        Self {
            id: row.id,
            url: row.url.clone(),
            description: row.description.clone(),
            event_types: row.event_types.clone(),
            status: if row.is_enabled() { EndpointStatus::Enabled } else { EndpointStatus::Disabled },
            disabled_reason,
            disabled_at,
            failing_since: row.failing_since,
            former_secret_until: row.former_secret.as_ref().map(|(_, until)| *until),
            concurrency: row.concurrency,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// An endpoint with a secret that is new.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IssuedWebhookEndpointView {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// The secret that signs, `whsec_…`, shown this once: null when it is no new one, and when the answer is repeated for its
    /// `Idempotency-Key`.
    #[schema(required = true)]
    pub secret: Option<String>,
}

impl IssuedWebhookEndpointView {
    pub(super) fn new(endpoint: WebhookEndpointView, secret: Option<&WebhookSecret>) -> Self {
        Self { endpoint, secret: secret.map(WebhookSecret::expose) }
    }
}

impl std::fmt::Debug for IssuedWebhookEndpointView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("IssuedWebhookEndpointView")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
