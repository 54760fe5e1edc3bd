//! Events out: endpoints that are told what happened, and the worker that tells them (docs/adr/0016).
//!
//! The form is that of Standard Webhooks: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

mod counts;
mod create;
mod delete;
mod delivery;
mod envelope;
mod patch;
mod read;
mod replay;
mod rotate;
mod sealed;
mod send;
mod signature;
mod sweep;
mod test_send;
mod view;
mod wanted;
mod worker;

pub use counts::WebhookCounts;
pub use create::{WebhookEndpointCreate, create_webhook_endpoint};
pub use delete::delete_webhook_endpoint;
pub use delivery::{
    DeliveryAttemptView, DeliveryView, DeliveryWithAttemptsView, find_webhook_delivery,
    list_webhook_deliveries,
};
pub use patch::{WebhookEndpointPatch, patch_webhook_endpoint};
pub use read::{EventTypeView, find_webhook_endpoint, list_event_types, list_webhook_endpoints};
pub use replay::{ReplayScope, WebhookReplay, WebhookReplayView, replay_webhook_deliveries};
pub use rotate::{WebhookSecretRotate, rotate_webhook_secret};
pub use sealed::{SecretsFound, find_secrets};
pub use signature::{WebhookSecret, sign};
pub use test_send::test_webhook_endpoint;
pub use view::{IssuedWebhookEndpointView, WebhookEndpointView};
pub use worker::WebhookWorker;

pub use tradepost_store::webhook::delivery::DeliveryFilter;
