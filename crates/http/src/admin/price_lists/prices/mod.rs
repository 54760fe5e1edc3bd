//! `/api/admin/price-lists/{price_list}/prices`.

pub mod list;
pub mod remove;
pub mod set;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the prices of price lists.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list::handler, set::handler)).routes(routes!(remove::handler))
}
