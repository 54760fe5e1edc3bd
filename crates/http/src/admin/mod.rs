//! What staff read and write, behind secret keys with scopes.

use utoipa_axum::router::OpenApiRouter;

use crate::state::ApiState;

/// Routes of the staff.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
}
