//! The collections: `GET /api/collections`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tradepost_app::catalog::list_collections::{CollectionCard, ListCollectionsError, list_collections};
use tradepost_app::page::Page;

use crate::document::ReadProblems;
use crate::extract::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Lists the collections by title. Their products are those of `GET /api/products?collection=`.
#[utoipa::path(get, path = "/api/collections", operation_id = "list_collections", tag = "collections",
    params(
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Collections at most", minimum = 1, maximum = 100),
        ("locale" = Option<String>, Query, description = "One of the channel's, as everywhere; collections have no translations"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent"),
    ),
    responses((status = 200, body = Page<CollectionCard>, description = "A page of collections", headers(("ETag" = String, description = "For `If-None-Match`"), ("Cache-Control" = String), ("Surrogate-Key" = String, description = "What it is made of, for purging caches"))),
        (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    headers: HeaderMap,
    mut params: ListParams,
) -> Result<Response, Problem> {
    storefront.shopper(&mut params)?;
    let (limit, cursor) = (params.take_limit()?, params.take("cursor"));
    params.finish()?;
    let document = list_collections(&state.shop.catalog, limit, cursor.as_deref()).await?;
    Ok(caching::public(&headers, document.body, &document.surrogate_keys))
}

impl From<ListCollectionsError> for Problem {
    fn from(error: ListCollectionsError) -> Self {
        match error {
            ListCollectionsError::InvalidCursor => {
                Self::malformed("invalid_cursor", "cursor", error.to_string())
            }
            ListCollectionsError::Unwritable(error) => Self::internal(&error),
            ListCollectionsError::Store(error) => error.into(),
        }
    }
}
