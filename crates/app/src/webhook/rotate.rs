//! Gives an endpoint a new secret; the old one signs beside it for a day, so that the receiver can change over.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;
use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_store::webhook::endpoint;
use utoipa::ToSchema;

use super::create::given_or_drawn;
use super::sealed;
use super::view::{IssuedWebhookEndpointView, WebhookEndpointView};
use super::wanted::check_scopes;
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// How long the former secret signs too.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// How a secret is replaced.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSecretRotate {
    /// A secret that the receiver knows already, `whsec_` and 24 to 64 bytes in base64; a new one when absent.
    #[serde(default)]
    pub secret: Option<String>,
}

impl std::fmt::Debug for WebhookSecretRotate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WebhookSecretRotate").finish_non_exhaustive()
    }
}

/// Replaces the secret.
pub async fn rotate_webhook_secret(
    context: &StaffContext,
    id: WebhookEndpointId,
    rotate: WebhookSecretRotate,
) -> Result<Answer, WriteError> {
    let secret = given_or_drawn(context, rotate.secret.as_deref())?;
    let mut work = context.begin("rotate_webhook_secret").await?;
    let mut row = endpoint::get_for_update(&work.tx, id).await?.ok_or_else(missing::<WebhookEndpointView>)?;
    work = check_scopes(work, context, &row.event_types).await?;
    let until = work.now.saturating_add(OVERLAP).unwrap_or(work.now);
    let former = std::mem::replace(&mut row.secret, sealed::seal(&context.shop, id, &secret)?);
    row.former_secret = Some((former, until));
    row.version = row.version.saturating_add(1);
    row.updated_at = work.now;
    endpoint::update(&work.tx, &row).await?;
    let view = WebhookEndpointView::from(&row);
    let entity = work.tell(WebhookEndpointView::KIND.updated, &view, no_payload());
    work.audit("webhook_endpoint.rotate_secret", entity, None, Some(json!({"former_secret_until": until})));
    let kept = IssuedWebhookEndpointView::new(view.clone(), None);
    let shown = IssuedWebhookEndpointView::new(view, Some(&secret));
    let answer = Answer::new(Outcome::Done, &shown, Some(row.version))?;
    work.finish(answer.kept_as(&kept)?).await
}
