//! `/api/admin/exports`.

pub mod create;
pub mod delete;
pub mod file;
pub mod get;
pub mod list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the exports.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(get::handler, delete::handler))
        .routes(routes!(file::handler))
}
