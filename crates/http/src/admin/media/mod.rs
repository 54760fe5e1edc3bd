//! Stored pictures: uploaded, listed, deleted.

mod delete;
mod get;
mod list;
mod upload;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of stored pictures.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, upload::handler))
        .routes(routes!(get::handler, delete::handler))
}
