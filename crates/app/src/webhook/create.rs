//! Makes an endpoint. Its secret is in the answer once.

use serde::Deserialize;
use tradepost_store::webhook::endpoint::{self, EndpointRow};
use utoipa::ToSchema;

use super::sealed;
use super::signature::WebhookSecret;
use super::view::{IssuedWebhookEndpointView, WebhookEndpointView};
use super::wanted::{check_fields, check_scopes, check_url};
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Endpoints of a shop: each may have as many deliveries under way as its concurrency.
const ENDPOINTS_MAX: i64 = 50;
/// Deliveries to an endpoint at the same time, unless it says otherwise.
const CONCURRENCY: i32 = 4;

/// An endpoint to make.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointCreate {
    /// Where events are sent: a public address that begins with https://.
    #[schema(max_length = 2_000, example = "https://erp.example.com/hooks/shop")]
    pub url: String,
    /// What staff call it.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub description: String,
    /// What it is told: names of events, `order.*`, or `*`.
    #[schema(min_items = 1, max_items = 100, example = json!(["order.*", "stock.updated"]))]
    pub event_types: Vec<String>,
    /// A secret that the receiver knows already, `whsec_` and 24 to 64 bytes in base64; a new one when absent.
    #[serde(default)]
    pub secret: Option<String>,
    /// Deliveries at the same time.
    #[serde(default = "usual_concurrency")]
    #[schema(minimum = 1, maximum = 16, default = 4)]
    pub concurrency: i32,
}

fn usual_concurrency() -> i32 {
    CONCURRENCY
}

impl std::fmt::Debug for WebhookEndpointCreate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WebhookEndpointCreate").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The secret that somebody brings, or a new one.
pub(super) fn given_or_drawn(
    context: &StaffContext,
    given: Option<&str>,
) -> Result<WebhookSecret, WriteError> {
    match given {
        None => Ok(WebhookSecret::draw(&*context.shop.ids)),
        Some(text) => WebhookSecret::read(text).ok_or_else(|| {
            WriteError::invalid("$.secret", "invalid_secret", "`whsec_` and 24 to 64 bytes in base64")
        }),
    }
}

/// Makes the endpoint.
pub async fn create_webhook_endpoint(
    context: &StaffContext,
    create: WebhookEndpointCreate,
) -> Result<Answer, WriteError> {
    refuse(check_fields(&create.description, &create.event_types, create.concurrency))?;
    let secret = given_or_drawn(context, create.secret.as_deref())?;
    check_url(context, &create.url).await?;
    let work = context.begin("create_webhook_endpoint").await?;
    let mut work = check_scopes(work, context, &create.event_types).await?;
    if endpoint::count_for_insert(&work.tx).await? >= ENDPOINTS_MAX {
        let detail = format!("a shop has at most {ENDPOINTS_MAX} webhook endpoints");
        return Err(
            WriteError::conflict("webhook_endpoint_limit", detail, None).with_fact("limit", ENDPOINTS_MAX)
        );
    }
    let id = work.next_id();
    let row = EndpointRow {
        id,
        url: create.url,
        description: create.description,
        event_types: create.event_types,
        disabled: None,
        secret: sealed::seal(&context.shop, id, &secret)?,
        former_secret: None,
        failures: 0,
        failing_since: None,
        concurrency: create.concurrency,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    endpoint::insert(&work.tx, &row).await?;
    let view = WebhookEndpointView::from(&row);
    let entity = work.tell(WebhookEndpointView::KIND.created, &view, no_payload());
    work.audit("webhook_endpoint.create", entity, None, Some(serde_json::to_value(&view)?));
    let location = format!("{}/{}", WebhookEndpointView::KIND.path, row.id);
    let shown = IssuedWebhookEndpointView::new(view.clone(), Some(&secret));
    let kept = IssuedWebhookEndpointView::new(view, None);
    let answer = Answer::new(Outcome::Created, &shown, Some(row.version))?;
    work.finish(answer.at(location).kept_as(&kept)?).await
}
