//! One collection: `GET /api/collections/{collection}`.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tradepost_app::catalog::get_collection::{CollectionAnswer, GetCollectionError, get_collection};
use tradepost_app::catalog::list_collections::CollectionCard;
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::ReadProblems;
use crate::extract::{IdOrHandle, ListParams, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Reads a collection. A former handle answers 301 with the present one.
#[utoipa::path(get, path = "/api/collections/{collection}", operation_id = "get_collection", tag = "collections",
    params(
        ("collection" = String, Path, description = "Id `col_…` or handle"),
        ("locale" = Option<String>, Query, description = "One of the channel's, as everywhere; collections have no translations"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent"),
    ),
    responses((status = 200, body = CollectionCard, description = "The collection", headers(("ETag" = String, description = "For `If-None-Match`"), ("Cache-Control" = String), ("Surrogate-Key" = String, description = "What it is made of, for purging caches"))),
        (status = 301, description = "The collection has another handle now: see Location"), (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    Path(collection): Path<IdOrHandle<CollectionId>>,
    (uri, headers): (Uri, HeaderMap),
    mut params: ListParams,
) -> Result<Response, Problem> {
    storefront.shopper(&mut params)?;
    params.finish()?;
    match get_collection(&state.shop.catalog, &collection.into()).await? {
        CollectionAnswer::Found(document) => {
            Ok(caching::public(&headers, document.body, &document.surrogate_keys))
        }
        CollectionAnswer::Moved { handle } => {
            Ok(caching::moved(&format!("/api/collections/{handle}"), uri.query()))
        }
        CollectionAnswer::NotFound => Err(Problem::missing("collection")),
    }
}

impl From<GetCollectionError> for Problem {
    fn from(error: GetCollectionError) -> Self {
        match error {
            GetCollectionError::Unwritable(error) => Self::internal(&error),
            GetCollectionError::Store(error) => error.into(),
        }
    }
}
