//! `PATCH /api/admin/search/synonyms/{search_synonym}`.

use axum::response::Response;
use tradepost_app::pricing::rule::patch_rule;
use tradepost_app::search::steer::synonym::{SearchSynonymCreate, SearchSynonymPatch, SearchSynonymView};
use tradepost_domain::kernel::ids::SearchSynonymId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a synonym of search: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/search/synonyms/{search_synonym}",
    operation_id = "patch_search_synonym",
    tag = "search-steering",
    params(("search_synonym" = String, Path, description = "Id or handle of the synonym of search"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = SearchSynonymPatch,
    responses((status = 200, body = SearchSynonymView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<SearchSynonymId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<SearchSynonymCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
