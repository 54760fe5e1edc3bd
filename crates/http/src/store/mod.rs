//! The storefront: what shoppers read. Guests' reads are public and cacheable; nothing here decides about money.

pub mod account;
pub mod caching;
pub mod categories;
pub mod collections;
pub mod products;
pub mod shopper;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// Routes of the storefront.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(products::list::handler))
        .routes(routes!(products::get::handler))
        .routes(routes!(products::reviews::list::handler, products::reviews::create::handler))
        .routes(routes!(categories::list::handler))
        .routes(routes!(categories::get::handler))
        .routes(routes!(collections::list::handler))
        .routes(routes!(collections::get::handler))
        .merge(account::routes())
}
