//! `POST /api/admin/search/synonyms`.

use axum::response::Response;
use tradepost_app::pricing::rule::create_rule;
use tradepost_app::search::steer::synonym::{SearchSynonymCreate, SearchSynonymView};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a synonym of search.
#[utoipa::path(
    post,
    path = "/api/admin/search/synonyms",
    operation_id = "create_search_synonym",
    tag = "search-steering",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = SearchSynonymCreate,
    responses((status = 201, body = SearchSynonymView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    request: WriteRequest,
    body: Body<SearchSynonymCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
