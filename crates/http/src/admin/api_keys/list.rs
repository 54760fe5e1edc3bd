//! `GET /api/admin/api-keys`.

use axum::response::Response;
use tradepost_app::api_key::{ApiKeyView, list_api_keys};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the API keys, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/api-keys",
    operation_id = "list_api_keys",
    tag = "api-keys",
    params(PageQuery),
    responses((status = 200, body = Page<ApiKeyView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_api_keys(&staff.context.shop, &page).await?, None)
}
