//! `DELETE /api/admin/search/synonyms/{search_synonym}`.

use axum::response::Response;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_app::search::steer::synonym::SearchSynonymCreate;
use tradepost_domain::kernel::ids::SearchSynonymId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a synonym of search.
#[utoipa::path(
    delete,
    path = "/api/admin/search/synonyms/{search_synonym}",
    operation_id = "delete_search_synonym",
    tag = "search-steering",
    params(("search_synonym" = String, Path, description = "Id or handle of the synonym of search"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(key): Path<IdOrHandle<SearchSynonymId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run = |context| async move {
        Ok(delete_rule::<SearchSynonymCreate>(&context, &key.into(), version).await?)
    };
    staff.write(request, Vec::new(), run).await
}
