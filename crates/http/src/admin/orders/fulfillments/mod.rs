//! What leaves of orders.

mod cancel;
mod create;
mod deliver;
mod list;
mod ship;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of fulfillments.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(ship::handler))
        .routes(routes!(deliver::handler))
}
