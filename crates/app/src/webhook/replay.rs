//! Sends events anew: one, or what happened since a date. The receiver knows them by the same `webhook-id`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, EventId, WebhookEndpointId};
use tradepost_store::webhook::delivery::{self, Replay, Replayed};
use tradepost_store::webhook::endpoint;
use utoipa::ToSchema;

use super::view::WebhookEndpointView;
use crate::answer::{Answer, Outcome};
use crate::change::missing;
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Deliveries of one replay.
const DELIVERIES_MAX: i64 = 50_000;

/// Which of the events since a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayScope {
    /// Those that the endpoint has not taken, or was not told because it was disabled, new, or asked for others.
    #[default]
    Undelivered,
    /// All of them.
    All,
}

/// What to send anew: `since`, or one delivery by its `id`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplay {
    /// What happened since then; events are kept for seven days.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Which of it.
    #[serde(default)]
    pub only: ReplayScope,
    /// Of that what came behind this event: the `next` of the replay before, to go on where it ended.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub after: Option<EventId>,
    /// One delivery.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub id: Option<EventId>,
}

/// What will be sent anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookReplayView {
    /// Deliveries that are sent anew by this; 50,000 at most, from the oldest on. Those that waited already are none of them.
    pub replayed: i64,
    /// The last of them, when there may be more: ask again with it as `after`.
    #[schema(required = true, value_type = Option<String>)]
    pub next: Option<EventId>,
}

/// Makes deliveries due again.
pub async fn replay_webhook_deliveries(
    context: &StaffContext,
    id: WebhookEndpointId,
    replay: WebhookReplay,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("replay_webhook_deliveries").await?;
    let row = endpoint::get_for_update(&work.tx, id).await?.ok_or_else(missing::<WebhookEndpointView>)?;
    if !row.is_enabled() {
        let detail = "the endpoint is disabled: enable it first";
        return Err(WriteError::conflict("webhook_endpoint_disabled", detail, None));
    }
    let Replayed { count, last } = match (replay.since, replay.id) {
        (Some(since), None) => {
            let after = match replay.after {
                Some(event) => Some(place_of(&work, id, event).await?),
                None => None,
            };
            let delivered_too = replay.only == ReplayScope::All;
            let wanted = Replay { since, delivered_too, after, limit: DELIVERIES_MAX };
            delivery::replay_since(&work.tx, id, wanted, work.now).await?
        }
        (None, Some(event)) if replay.after.is_none() => {
            delivery::get(&work.tx, id, event)
                .await?
                .ok_or(WriteError::NotFound { kind: "webhook_delivery" })?;
            let is_due = delivery::replay_one(&work.tx, id, event, work.now).await?;
            Replayed { count: i64::from(is_due), last: None }
        }
        _ => {
            let message = "either `since`, and to go on `after`, or the `id` of one delivery";
            return Err(WriteError::invalid("$", "since_or_id", message));
        }
    };
    let told = json!({"since": replay.since, "only": replay.only, "after": replay.after, "id": replay.id,
        "replayed": count});
    work.audit("webhook_endpoint.replay", ("webhook_endpoint", id.as_uuid()), None, Some(told));
    let view = WebhookReplayView { replayed: count, next: last };
    work.finish(Answer::new(Outcome::Accepted, &view, None)?).await
}

async fn place_of(work: &Work<'_>, id: WebhookEndpointId, event: EventId) -> Result<i64, WriteError> {
    delivery::event_row(&work.tx, id, event).await?.ok_or_else(|| {
        WriteError::invalid("$.after", "unknown_event", "the `next` of the replay before, of this endpoint")
    })
}
