//! One category: `GET /api/categories/{category}`.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tradepost_app::catalog::get_category::{CategoryAnswer, CategoryView, GetCategoryError, get_category};
use tradepost_domain::kernel::ids::CategoryId;

use crate::document::ReadProblems;
use crate::extract::{IdOrHandle, ListParams, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Reads a category with its path and the categories below it. A former handle answers 301 with the present one.
#[utoipa::path(get, path = "/api/categories/{category}", operation_id = "get_category", tag = "categories",
    params(
        ("category" = String, Path, description = "Id `cat_…` or handle"),
        ("locale" = Option<String>, Query, description = "Locale of the texts; the channel's default when absent"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent"),
    ),
    responses((status = 200, body = CategoryView, description = "The category", headers(("ETag" = String, description = "For `If-None-Match`"), ("Cache-Control" = String), ("Surrogate-Key" = String, description = "What it is made of, for purging caches"))),
        (status = 301, description = "The category has another handle now: see Location"), (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    Path(category): Path<IdOrHandle<CategoryId>>,
    (uri, headers): (Uri, HeaderMap),
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    params.finish()?;
    match get_category(&state.shop.catalog, &shopper, &category.into()).await? {
        CategoryAnswer::Found(document) => {
            Ok(caching::public(&headers, document.body, &document.surrogate_keys))
        }
        CategoryAnswer::Moved { handle } => {
            Ok(caching::moved(&format!("/api/categories/{handle}"), uri.query()))
        }
        CategoryAnswer::NotFound => Err(Problem::missing("category")),
    }
}

impl From<GetCategoryError> for Problem {
    fn from(error: GetCategoryError) -> Self {
        match error {
            GetCategoryError::Unwritable(error) => Self::internal(&error),
            GetCategoryError::Store(error) => error.into(),
        }
    }
}
