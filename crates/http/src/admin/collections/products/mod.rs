//! `/api/admin/collections/{collection}/products`.

pub mod add;
pub mod list;
pub mod remove;
pub mod replace;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the products of a collection.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, replace::handler, add::handler))
        .routes(routes!(remove::handler))
}
