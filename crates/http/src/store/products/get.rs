//! One product: `GET /api/products/{product}`.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tradepost_app::catalog::get_product::{GetProduct, GetProductError, ProductAnswer, get_product};
use tradepost_app::catalog::views::ProductPage;
use tradepost_domain::kernel::ids::ProductId;

use super::list::names;
use crate::document::ReadProblems;
use crate::extract::{IdOrHandle, ListParams, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Reads a product by its id or handle. A former handle answers 301 with the present one.
#[utoipa::path(get, path = "/api/products/{product}", operation_id = "get_product", tag = "products",
    params(
        ("product" = String, Path, description = "Id `prod_…` or handle"),
        ("fields" = Option<String>, Query, description = "Only these fields of the page, separated by commas"),
        ("locale" = Option<String>, Query, description = "Locale of the texts; the channel's default when absent"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent"),
    ),
    responses((status = 200, body = ProductPage, description = "The product", headers(("ETag" = String, description = "For `If-None-Match`"), ("Cache-Control" = String), ("Surrogate-Key" = String, description = "What it is made of, for purging caches"))),
        (status = 301, description = "The product has another handle now: see Location"), (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    Path(product): Path<IdOrHandle<ProductId>>,
    (uri, headers): (Uri, HeaderMap),
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    let fields = params.take("fields").map(|text| names(&text, "fields")).transpose()?;
    params.finish()?;
    let command = GetProduct { product: product.into(), fields };
    match get_product(&state.shop.catalog, &shopper, command).await? {
        ProductAnswer::Found(page) => Ok(caching::public(&headers, page.body, &page.id.to_string())),
        ProductAnswer::Moved { handle } => {
            Ok(caching::moved(&format!("/api/products/{handle}"), uri.query()))
        }
        ProductAnswer::NotFound => Err(Problem::missing("product")),
    }
}

impl From<GetProductError> for Problem {
    fn from(error: GetProductError) -> Self {
        match error {
            GetProductError::UnknownField { .. } => {
                Self::malformed("unknown_field", "fields", error.to_string())
            }
            GetProductError::Store(error) => error.into(),
        }
    }
}
