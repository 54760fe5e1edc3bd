//! A product's reviews: `GET /api/products/{product}/reviews`.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tradepost_app::catalog::list_reviews::{
    ListReviews, ListReviewsError, ReviewSort, ReviewView, list_reviews,
};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::ProductId;

use crate::document::ReadProblems;
use crate::extract::{IdOrHandle, ListParams, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Order of a product's reviews.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a parameter that is read by name")]
enum ProductReviewSort {
    /// Written last, first.
    #[schema(rename = "newest")]
    Newest,
    /// Most stars first.
    #[schema(rename = "-rating")]
    Rating,
}

/// Lists the approved reviews of a product. A former handle of the product answers 301 with the present one.
#[utoipa::path(get, path = "/api/products/{product}/reviews", operation_id = "list_product_reviews", tag = "products",
    params(
        ("product" = String, Path, description = "Id `prod_…` or handle"),
        ("sort" = inline(Option<ProductReviewSort>), Query, description = "Newest first when it is not said"),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Reviews at most", minimum = 1, maximum = 100),
        ("locale" = Option<String>, Query, description = "Locale of the product's page"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel"),
    ),
    responses((status = 200, body = Page<ReviewView>, description = "A page of reviews"),
        (status = 301, description = "The product has another handle now: see Location"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    Path(product): Path<IdOrHandle<ProductId>>,
    (uri, headers): (Uri, HeaderMap),
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    let sort = match params.take("sort").as_deref() {
        None | Some("newest") => ReviewSort::Newest,
        Some("-rating") => ReviewSort::Rating,
        Some(_) => return Err(Problem::malformed("invalid_sort", "sort", "expected newest or -rating")),
    };
    let command = ListReviews {
        product: product.into(),
        sort,
        limit: params.take_limit()?,
        cursor: params.take("cursor"),
    };
    params.finish()?;
    let page = match list_reviews(&state.shop.catalog, &shopper, &command).await {
        Err(ListReviewsError::ProductMoved { handle }) => {
            return Ok(caching::moved(&format!("/api/products/{handle}/reviews"), uri.query()));
        }
        page => page?,
    };
    let body = serde_json::to_vec(&page).map_err(|error| Problem::internal(&error))?;
    Ok(caching::public(&headers, body.into(), "reviews"))
}

impl From<ListReviewsError> for Problem {
    fn from(error: ListReviewsError) -> Self {
        match error {
            ListReviewsError::ProductNotFound | ListReviewsError::ProductMoved { .. } => {
                Self::missing("product")
            }
            ListReviewsError::InvalidCursor => Self::malformed("invalid_cursor", "cursor", error.to_string()),
            ListReviewsError::Store(error) => error.into(),
        }
    }
}
