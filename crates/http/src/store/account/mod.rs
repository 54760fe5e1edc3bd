//! `/api/account`: what is a customer's own.

pub mod addresses;
pub mod delete;
pub mod export;
pub mod get;
pub mod patch;
pub mod payment_methods;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the account.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(get::handler, patch::handler, delete::handler))
        .routes(routes!(export::handler))
        .routes(routes!(addresses::list::handler, addresses::create::handler))
        .routes(routes!(addresses::get::handler, addresses::patch::handler, addresses::delete::handler))
        .routes(routes!(payment_methods::list::handler))
        .routes(routes!(payment_methods::delete::handler))
}
