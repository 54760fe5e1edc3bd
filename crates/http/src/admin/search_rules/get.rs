//! `GET /api/admin/search/rules/{search_rule}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::search::steer::rule::{SearchRuleCreate, SearchRuleView};
use tradepost_domain::kernel::ids::SearchRuleId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one rule of search.
#[utoipa::path(
    get,
    path = "/api/admin/search/rules/{search_rule}",
    operation_id = "get_search_rule",
    tag = "search-steering",
    params(("search_rule" = String, Path, description = "Id or handle of the rule of search")),
    responses((status = 200, body = SearchRuleView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<SearchRuleId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<SearchRuleCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("search_rule"))?;
    respond::read(&rule, Some(rule.version))
}
