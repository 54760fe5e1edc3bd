//! Changes an endpoint. Whoever sends its events elsewhere proves to know its secret, or gives it another (case C65).

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, WebhookEndpointId};
use tradepost_domain::webhook::DisabledReason;
use tradepost_domain::webhook::event_type::MOVED_EVENT;
use tradepost_store::outbox::{self, Event};
use tradepost_store::webhook::delivery;
use tradepost_store::webhook::endpoint::{self, EndpointRow};
use utoipa::ToSchema;

use super::sealed;
use super::signature::WebhookSecret;
use super::view::{EndpointStatus, IssuedWebhookEndpointView, WebhookEndpointView};
use super::wanted::{check_fields, check_scopes, check_url};
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, Versions, check_version, difference, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::mail::{StaffMail, tell_staff};
use crate::patch::{present, set};
use crate::shop::Shop;
use crate::work::{StaffContext, Work};

/// What to change of an endpoint.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointPatch {
    /// Where events are sent. Unless `current_secret` is right, the endpoint gets a new secret with it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 2_000)]
    pub url: Option<String>,
    /// What staff call it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 500)]
    pub description: Option<String>,
    /// What it is told.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, min_items = 1, max_items = 100)]
    pub event_types: Option<Vec<String>>,
    /// Whether it is told. One that is enabled again is sent at once what waited; what happened meanwhile can be
    /// replayed.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = EndpointStatus, required = false)]
    pub status: Option<EndpointStatus>,
    /// Deliveries at the same time.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i32, required = false, minimum = 1, maximum = 16)]
    pub concurrency: Option<i32>,
    /// The secret that it has, for a change of `url` that leaves it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub current_secret: Option<String>,
}

impl std::fmt::Debug for WebhookEndpointPatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WebhookEndpointPatch").field("url", &self.url).finish_non_exhaustive()
    }
}

impl WebhookEndpointPatch {
    /// Whether the secret that was sent is the endpoint's; an error when one was sent that is not.
    fn knows_secret(&self, shop: &Shop, row: &EndpointRow) -> Result<bool, WriteError> {
        let Some(text) = &self.current_secret else { return Ok(false) };
        let own = sealed::open(shop, row.id, &row.secret).map_err(|error| sealed::unreadable(&error))?;
        if WebhookSecret::read(text).is_some_and(|secret| secret.is(&own)) {
            return Ok(true);
        }
        let message = "this is not the endpoint's secret; without it a new `url` comes with a new secret";
        Err(WriteError::invalid("$.current_secret", "wrong_secret", message))
    }
}

/// Changes the endpoint.
pub async fn patch_webhook_endpoint(
    context: &StaffContext,
    id: WebhookEndpointId,
    version: Option<Versions>,
    patch: WebhookEndpointPatch,
) -> Result<Answer, WriteError> {
    if let Some(url) = &patch.url {
        check_url(context, url).await?;
    }
    let work = context.begin("patch_webhook_endpoint").await?;
    let before = endpoint::get_for_update(&work.tx, id).await?.ok_or_else(missing::<WebhookEndpointView>)?;
    check_version(version, before.version)?;
    let knows_secret = patch.knows_secret(&context.shop, &before)?;
    let mut after = before.clone();
    set(&mut after.url, patch.url);
    set(&mut after.description, patch.description);
    set(&mut after.event_types, patch.event_types);
    set(&mut after.concurrency, patch.concurrency);
    match patch.status {
        Some(EndpointStatus::Enabled) if !before.is_enabled() => {
            // Another chance: what failed before counts no more.
            after.disabled = None;
            (after.failures, after.failing_since) = (0, None);
        }
        Some(EndpointStatus::Disabled) if before.is_enabled() => {
            after.disabled = Some((DisabledReason::Staff.as_str().to_owned(), work.now));
        }
        Some(_) | None => {}
    }
    refuse(check_fields(&after.description, &after.event_types, after.concurrency))?;
    let is_moved = after.url != before.url;
    let fresh = (is_moved && !knows_secret).then(|| WebhookSecret::draw(&*context.shop.ids));
    if let Some(secret) = &fresh {
        // The new place gets nothing that the old secret has signed.
        after.secret = sealed::seal(&context.shop, id, secret)?;
        after.former_secret = None;
    }
    let mut work = check_scopes(work, context, &after.event_types).await?;
    let view = WebhookEndpointView::from(&before);
    if after == before {
        let shown = IssuedWebhookEndpointView::new(view, None);
        return work.finish_with(Outcome::Done, &shown, Some(before.version)).await;
    }
    after.version = before.version.saturating_add(1);
    after.updated_at = work.now;
    endpoint::update(&work.tx, &after).await?;
    if after.is_enabled() && !before.is_enabled() {
        endpoint::recover(&work.tx, id).await?;
        endpoint::resume(&work.tx, id, work.now).await?;
    }
    let changed = WebhookEndpointView::from(&after);
    let entity = work.tell(WebhookEndpointView::KIND.updated, &changed, no_payload());
    let (old, new) = difference(&view, &changed)?.unzip();
    work.audit("webhook_endpoint.update", entity, old, new);
    if is_moved {
        tell_of_move(&mut work, &before, &after).await?;
    }
    let kept = IssuedWebhookEndpointView::new(changed.clone(), None);
    let shown = IssuedWebhookEndpointView::new(changed, fresh.as_ref());
    let answer = Answer::new(Outcome::Done, &shown, Some(after.version))?;
    work.finish(answer.kept_as(&kept)?).await
}

/// Tells staff, and those who listen at the address that was left; not where it went.
async fn tell_of_move(
    work: &mut Work<'_>,
    before: &EndpointRow,
    after: &EndpointRow,
) -> Result<(), WriteError> {
    let (endpoint, former_url, url) = (after.id, before.url.clone(), after.url.clone());
    let payload = json!({"url": former_url});
    let farewell = Event {
        id: work.next_id(),
        kind: MOVED_EVENT,
        aggregate_id: endpoint.as_uuid(),
        version: after.version,
        payload: payload.into(),
    };
    outbox::push(&work.tx, std::slice::from_ref(&farewell), work.now).await?;
    delivery::lead(&work.tx, endpoint, farewell.id, (&before.url, &before.secret)).await?;
    tell_staff(work, &StaffMail::WebhookEndpointMoved { endpoint, former_url, url });
    Ok(())
}
