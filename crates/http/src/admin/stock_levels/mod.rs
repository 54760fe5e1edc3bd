//! Stock levels.

mod body;
mod bulk;
mod create;
mod get;
mod list;
mod patch;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of stock levels.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(bulk::handler))
        .routes(routes!(get::handler, patch::handler))
}
