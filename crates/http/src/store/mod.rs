//! The storefront: what shoppers read. Guests' reads are public and cacheable; nothing here decides about money.

pub mod account;
pub mod caching;
pub mod carts;
pub mod categories;
pub mod collections;
pub mod orders;
pub mod payments;
pub mod products;
pub mod search;
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
        .routes(routes!(search::find::handler))
        .routes(routes!(search::suggest::handler))
        .routes(routes!(search::events::handler))
        .routes(routes!(search::forget::handler))
        .routes(routes!(categories::list::handler))
        .routes(routes!(categories::get::handler))
        .routes(routes!(collections::list::handler))
        .routes(routes!(collections::get::handler))
        .merge(checkout())
        .merge(account::routes())
}

/// Routes of carts, orders and payments.
fn checkout() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(carts::list::handler, carts::create::handler))
        .routes(routes!(carts::get::handler, carts::patch::handler))
        .routes(routes!(carts::lines::add::handler))
        .routes(routes!(carts::lines::patch::handler, carts::lines::remove::handler))
        .routes(routes!(carts::coupons::add::handler))
        .routes(routes!(carts::coupons::remove::handler))
        .routes(routes!(carts::merge::handler))
        .routes(routes!(carts::shipping_methods::handler))
        .routes(routes!(carts::explain::handler))
        .routes(routes!(orders::list::handler, orders::place::handler))
        .routes(routes!(orders::get::handler))
        .routes(routes!(orders::cancel::handler))
        .routes(routes!(orders::claim::handler))
        .routes(routes!(payments::webhook::handler))
        .routes(routes!(payments::provider_webhook::handler))
        .routes(routes!(payments::get::handler))
        .routes(routes!(payments::status::handler))
        .routes(routes!(payments::confirm::handler))
}
