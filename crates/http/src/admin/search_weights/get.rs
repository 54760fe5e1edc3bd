//! `GET /api/admin/search/weights`.

use axum::response::Response;
use tradepost_app::search::steer::weights::{SearchWeightsView, get_weights};

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{NoParams, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows what matches count in search.
#[utoipa::path(
    get,
    path = "/api/admin/search/weights",
    operation_id = "get_search_weights",
    tag = "search-steering",
    responses((status = 200, body = SearchWeightsView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, _: NoParams) -> Result<Response, Problem> {
    let weights = get_weights(&staff.context.shop).await?;
    respond::read(&weights, Some(weights.version))
}
