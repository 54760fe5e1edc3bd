//! Deletes an endpoint with its deliveries.

use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_store::webhook::endpoint;

use super::view::WebhookEndpointView;
use crate::answer::Answer;
use crate::change::{Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the endpoint: it is told nothing any more.
pub async fn delete_webhook_endpoint(
    context: &StaffContext,
    id: WebhookEndpointId,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_webhook_endpoint").await?;
    let row = endpoint::get_for_update(&work.tx, id).await?.ok_or_else(missing::<WebhookEndpointView>)?;
    check_version(version, row.version)?;
    endpoint::delete(&work.tx, id).await?;
    work.finish_deleted(&WebhookEndpointView::from(&row), no_payload()).await
}
