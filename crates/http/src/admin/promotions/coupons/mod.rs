//! `/api/admin/promotions/{promotion}/coupons`.

pub mod bulk;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod patch;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the coupons of promotions.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(bulk::handler))
        .routes(routes!(get::handler, patch::handler, delete::handler))
}
