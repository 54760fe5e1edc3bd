//! Lists products: `GET /api/products`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tradepost_app::catalog::list_products::{ListProductsError, list_products};
use tradepost_app::search::steer::segment::segment;
use tradepost_app::search::views::ProductListing;
use tradepost_port::search::SearchError;

use super::query;
use crate::document::ReadProblems;
use crate::extract::{ListParams, Recognised};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Lists products as cards: filtered, sorted, page by page.
#[utoipa::path(get, path = "/api/products", operation_id = "list_products", tag = "products",
    params(query::ProductListQuery, ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    responses((status = 200, body = ProductListing, description = "A page of cards", headers(("ETag" = String, description = "For `If-None-Match`"), ("Cache-Control" = String), ("Surrogate-Key" = String, description = "What it is made of, for purging caches"))), (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    Recognised(customer): Recognised,
    headers: HeaderMap,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    let mut command = query::list_products(params)?;
    command.groups = segment(&state.shop.catalog, customer).await?;
    let is_for_all = command.groups.is_empty();
    let document = list_products(&state.shop.catalog, &shopper, command).await?;
    if document.degraded || !is_for_all {
        return Ok(caching::passing(document.body));
    }
    Ok(caching::finished(&headers, document))
}

impl From<ListProductsError> for Problem {
    fn from(error: ListProductsError) -> Self {
        match error {
            ListProductsError::UnknownField { .. } => {
                Self::malformed("unknown_field", "fields", error.to_string())
            }
            ListProductsError::UnknownExpansion { .. } => {
                Self::malformed("unknown_expansion", "expand", error.to_string())
            }
            ListProductsError::InvalidCursor | ListProductsError::Search(SearchError::Misplaced) => {
                Self::malformed("invalid_cursor", "cursor", error.to_string())
            }
            ListProductsError::FacetsUnavailable => {
                Self::malformed("facets_unavailable", "facets", error.to_string())
            }
            ListProductsError::CategoryNotFound => Self::missing("category").param("category"),
            ListProductsError::CollectionNotFound => Self::missing("collection").param("collection"),
            ListProductsError::Search(SearchError::Unavailable(_)) => Self::unavailable(&error),
            ListProductsError::Search(SearchError::Failed(_)) | ListProductsError::Unwritable(_) => {
                Self::internal(&error)
            }
            ListProductsError::Store(error) => error.into(),
        }
    }
}

/// A field list of a query: `fields=id,title`.
pub(crate) fn names(text: &str, param: &str) -> Result<Vec<String>, Problem> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) || names.len() > 50 {
        let detail = "expected names separated by commas";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_parameter", detail).param(param));
    }
    Ok(names)
}
