//! `GET /api/admin/search/synonyms/{search_synonym}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::search::steer::synonym::{SearchSynonymCreate, SearchSynonymView};
use tradepost_domain::kernel::ids::SearchSynonymId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one synonym of search.
#[utoipa::path(
    get,
    path = "/api/admin/search/synonyms/{search_synonym}",
    operation_id = "get_search_synonym",
    tag = "search-steering",
    params(("search_synonym" = String, Path, description = "Id or handle of the synonym of search")),
    responses((status = 200, body = SearchSynonymView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<SearchSynonymId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<SearchSynonymCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("search_synonym"))?;
    respond::read(&rule, Some(rule.version))
}
