//! `/api/admin/imports`.

pub mod cancel;
pub mod create;
pub mod errors;
pub mod get;
pub mod list;
pub mod resume;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the imports.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(get::handler))
        .routes(routes!(errors::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(resume::handler))
}
