//! What staff read and write, behind secret keys with scopes.

pub mod api_keys;
pub mod audit_log;
mod batch;
pub mod brands;
pub mod categories;
pub mod channels;
pub mod collections;
pub mod customer_groups;
pub mod customers;
pub mod exports;
pub mod imports;
pub mod media;
pub mod orders;
pub mod payments;
pub mod price_lists;
pub mod prices;
pub mod product_types;
pub mod products;
pub mod promotions;
pub mod reviews;
pub mod search_analytics;
pub mod search_preview;
pub mod search_rules;
pub mod search_synonyms;
pub mod search_weights;
pub mod shipping_methods;
pub mod shipping_zones;
pub mod stock_levels;
pub mod stock_locations;
pub mod stock_movements;
pub mod system;
pub mod tax_classes;
pub mod tax_rates;
pub mod tax_zones;
pub mod webhook_endpoints;

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
        .merge(customers::routes())
        .merge(customer_groups::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(media::routes())
        .merge(orders::routes())
        .merge(payments::routes())
        .merge(price_lists::routes())
        .merge(prices::routes())
        .merge(product_types::routes())
        .merge(products::routes())
        .merge(promotions::routes())
        .merge(reviews::routes())
        .merge(search_analytics::routes())
        .merge(search_preview::routes())
        .merge(search_rules::routes())
        .merge(search_synonyms::routes())
        .merge(search_weights::routes())
        .merge(shipping_methods::routes())
        .merge(shipping_zones::routes())
        .merge(stock_levels::routes())
        .merge(stock_locations::routes())
        .merge(stock_movements::routes())
        .merge(system::routes())
        .merge(tax_classes::routes())
        .merge(tax_rates::routes())
        .merge(tax_zones::routes())
        .merge(webhook_endpoints::routes())
}
