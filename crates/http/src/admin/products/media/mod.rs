//! Pictures of a product.

mod add;
mod delete;
mod patch;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of a product's pictures.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(add::handler)).routes(routes!(patch::handler, delete::handler))
}
