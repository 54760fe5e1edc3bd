//! `/api/admin/reviews`.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod moderate;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the reviews.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(get::handler, delete::handler))
        .routes(routes!(moderate::handler))
}
