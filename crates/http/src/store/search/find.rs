//! Searches for products: `GET /api/search`.

use axum::extract::State;
use axum::response::Response;
use tradepost_app::catalog::list_products::{list_products, with_query_id};
use tradepost_app::search::views::SearchResults;

use crate::document::ReadProblems;
use crate::extract::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::products::query;
use crate::store::shopper::Storefront;

/// Searches for products in the shopper's words: errors are forgiven, conditions are read out of the words.
///
/// Takes what `/api/products` takes. Every answer has an id of its own, and so is kept by nobody.
#[utoipa::path(get, path = "/api/search", operation_id = "search_products", tag = "search",
    params(query::ProductListQuery,
        ("as_words" = Option<String>, Query, description = "Texts of conditions that were read out of the words and are not to be, separated by commas"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    responses((status = 200, body = SearchResults, description = "What was found"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    let command = query::search(params)?;
    let document = list_products(&state.shop.catalog, &shopper, command).await?;
    Ok(caching::passing(with_query_id(&document, state.shop.ids.next())))
}
