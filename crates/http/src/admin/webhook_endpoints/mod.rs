//! `/api/admin/webhook-endpoints` and `/api/admin/webhook-event-types`.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod event_types;
pub mod get;
pub mod list;
pub mod patch;
pub mod replay;
pub mod rotate_secret;
pub mod test;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of events out.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(get::handler, patch::handler, delete::handler))
        .routes(routes!(rotate_secret::handler))
        .routes(routes!(test::handler))
        .routes(routes!(replay::handler))
        .routes(routes!(event_types::handler))
        .merge(deliveries::routes())
}
