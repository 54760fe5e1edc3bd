//! Reads endpoints, and the events that there are.

use serde::Serialize;
use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_domain::webhook::event_types;
use tradepost_store::StoreError;
use tradepost_store::webhook::endpoint;
use utoipa::ToSchema;

use super::view::WebhookEndpointView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all endpoints, newest first.
pub async fn list_webhook_endpoints(
    shop: &Shop,
    page: &PageRequest<WebhookEndpointId>,
) -> Result<Page<WebhookEndpointView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = endpoint::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(endpoint::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(|row| WebhookEndpointView::from(&row)))
}

/// One endpoint.
pub async fn find_webhook_endpoint(
    shop: &Shop,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpointView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(endpoint::get(&conn, id).await?.as_ref().map(WebhookEndpointView::from))
}

/// An event that the shop tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventTypeView {
    /// Its name.
    #[schema(example = "order.placed")]
    pub name: String,
    /// When it is told, and what is in it besides the id.
    pub description: String,
    /// The scope that a key must have to have it sent.
    #[schema(value_type = String, example = "orders:read")]
    pub scope: &'static str,
}

/// All events that the shop tells, by name.
pub fn list_event_types() -> Page<EventTypeView> {
    let mut types: Vec<EventTypeView> = event_types()
        .map(|event| EventTypeView { name: event.name, description: event.description, scope: event.scope })
        .collect();
    types.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    Page::whole(types)
}
