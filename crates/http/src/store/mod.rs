//! The storefront: what shoppers read.

use utoipa_axum::router::OpenApiRouter;

use crate::state::ApiState;

/// Routes of the storefront.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
}
