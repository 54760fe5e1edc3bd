//! `PUT /api/admin/search/weights`.

use axum::response::Response;
use tradepost_app::search::steer::weights::{SearchWeightsPut, SearchWeightsView, put_weights};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IfMatch, Staff, WriteRequest};
use crate::problem::Problem;

/// Puts other weights in the place of those that there are: what is left out is as it usually is.
#[utoipa::path(
    put,
    path = "/api/admin/search/weights",
    operation_id = "put_search_weights",
    tag = "search-steering",
    params(("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = SearchWeightsPut,
    responses((status = 200, body = SearchWeightsView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<SearchWeightsPut>,
) -> Result<Response, Problem> {
    let put = body.value;
    let run = |context| async move { Ok(put_weights(&context, version.version(), put).await?) };
    staff.write(request, body.hash, run).await
}
