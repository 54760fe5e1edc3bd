//! The storefront: what shoppers read.

pub mod products;

use utoipa_axum::router::OpenApiRouter;

use crate::state::ApiState;

/// Routes of the storefront.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
}
