//! What staff read and write, behind secret keys with scopes.

pub mod api_keys;
pub mod audit_log;
mod batch;
pub mod brands;
pub mod categories;
pub mod channels;
pub mod collections;
pub mod exports;
pub mod imports;
pub mod media;
pub mod prices;
pub mod product_types;
pub mod products;
pub mod reviews;
pub mod stock_levels;
pub mod stock_locations;
pub mod system;

use utoipa_axum::router::OpenApiRouter;

use crate::state::ApiState;

/// Routes of the staff.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .merge(api_keys::routes())
        .merge(audit_log::routes())
        .merge(brands::routes())
        .merge(categories::routes())
        .merge(channels::routes())
        .merge(collections::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(media::routes())
        .merge(prices::routes())
        .merge(product_types::routes())
        .merge(products::routes())
        .merge(reviews::routes())
        .merge(stock_levels::routes())
        .merge(stock_locations::routes())
        .merge(system::routes())
}
