//! The category tree: `GET /api/categories`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tradepost_app::catalog::list_categories::{CategoryNode, ListCategoriesError, list_categories};
use tradepost_app::page::Page;

use crate::document::ReadProblems;
use crate::extract::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Reads the whole category tree.
#[utoipa::path(get, path = "/api/categories", operation_id = "list_categories", tag = "categories",
    params(("locale" = Option<String>, Query, description = "Locale of the texts; the channel's default when absent"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    responses((status = 200, body = Page<CategoryNode>, description = "The topmost categories with all below them", headers(("ETag" = String, description = "For `If-None-Match`"), ("Cache-Control" = String), ("Surrogate-Key" = String, description = "What it is made of, for purging caches"))),
        (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    headers: HeaderMap,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    params.finish()?;
    let document = list_categories(&state.shop.catalog, &shopper).await?;
    Ok(caching::public(&headers, document.body, &document.surrogate_keys))
}

impl From<ListCategoriesError> for Problem {
    fn from(error: ListCategoriesError) -> Self {
        match error {
            ListCategoriesError::Unwritable(error) => Self::internal(&error),
            ListCategoriesError::Store(error) => error.into(),
        }
    }
}
