//! `PATCH /api/admin/search/rules/{search_rule}`.

use axum::response::Response;
use tradepost_app::pricing::rule::patch_rule;
use tradepost_app::search::steer::rule::{SearchRuleCreate, SearchRulePatch, SearchRuleView};
use tradepost_domain::kernel::ids::SearchRuleId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a rule of search: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/search/rules/{search_rule}",
    operation_id = "patch_search_rule",
    tag = "search-steering",
    params(("search_rule" = String, Path, description = "Id or handle of the rule of search"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = SearchRulePatch,
    responses((status = 200, body = SearchRuleView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<SearchRuleId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<SearchRuleCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
