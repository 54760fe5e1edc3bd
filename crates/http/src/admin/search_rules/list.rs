//! `GET /api/admin/search/rules`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::rule::list_rules;
use tradepost_app::search::steer::rule::{SearchRuleCreate, SearchRuleView};

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the rules of search, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/search/rules",
    operation_id = "list_search_rules",
    tag = "search-steering",
    params(PageQuery),
    responses((status = 200, body = Page<SearchRuleView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<SearchRuleCreate>(&staff.context.shop, &page).await?, None)
}
