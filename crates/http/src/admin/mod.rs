//! What staff read and write, behind secret keys with scopes.

mod media;
mod products;
mod stock_levels;

use utoipa_axum::router::OpenApiRouter;

use crate::state::ApiState;

/// Routes of the staff.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().merge(media::routes()).merge(products::routes()).merge(stock_levels::routes())
}
