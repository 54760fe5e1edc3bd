//! Sends an endpoint a test event, and says what came of it.

use tradepost_domain::kernel::ids::{EntityId, EventId, WebhookEndpointId};
use tradepost_domain::webhook::event_type::TEST_EVENT;
use tradepost_store::webhook::{endpoint, sending};

use super::delivery::with_attempts;
use super::send::{lease_from, system, try_delivery};
use super::view::WebhookEndpointView;
use crate::answer::{Answer, Outcome};
use crate::change::missing;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Sends a test event, enabled or not, and answers its delivery with the try. It is not tried again, and its failure does
/// not count against the endpoint.
pub async fn test_webhook_endpoint(
    context: &StaffContext,
    id: WebhookEndpointId,
) -> Result<Answer, WriteError> {
    // A request that broke off after its event was written goes on with that.
    let event = match context.claim.as_ref().and_then(|claim| claim.resource_id) {
        Some(begun) => EventId::from_uuid(begun),
        None => write_event(context, id).await?,
    };
    let (taken, lease) = {
        let conn = context.shop.store.admin().conn().await?;
        let now = context.now();
        let lease = lease_from(now);
        (sending::take_one(&conn, id, event, (now, lease)).await?, lease)
    };
    // A worker may have been faster: what it found, or that it is under way, stands in the delivery.
    if let Some(taken) = taken {
        try_delivery(&system(context.shop.clone()), id, &taken, lease).await?;
    }
    let work = context.begin("test_webhook_endpoint").await?;
    let view = with_attempts(&work.tx, id, event).await?;
    work.finish(Answer::new(Outcome::Done, &view, None)?).await
}

async fn write_event(context: &StaffContext, id: WebhookEndpointId) -> Result<EventId, WriteError> {
    let mut work = context.begin("write_test_event").await?;
    let row = endpoint::get(&work.tx, id).await?.ok_or_else(missing::<WebhookEndpointView>)?;
    let payload = serde_json::json!({"url": row.url});
    let event = work.event(TEST_EVENT, id.as_uuid(), row.version, payload);
    work.audit("webhook_endpoint.test", ("webhook_endpoint", id.as_uuid()), None, None);
    work.finish_for_now(event.as_uuid()).await?;
    Ok(event)
}
