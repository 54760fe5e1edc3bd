//! `DELETE /api/admin/search/rules/{search_rule}`.

use axum::response::Response;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_app::search::steer::rule::SearchRuleCreate;
use tradepost_domain::kernel::ids::SearchRuleId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a rule of search.
#[utoipa::path(
    delete,
    path = "/api/admin/search/rules/{search_rule}",
    operation_id = "delete_search_rule",
    tag = "search-steering",
    params(("search_rule" = String, Path, description = "Id or handle of the rule of search"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<SearchRuleId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(delete_rule::<SearchRuleCreate>(&context, &key.into(), version).await?) };
    staff.write(request, Vec::new(), run).await
}
