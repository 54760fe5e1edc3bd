//! `GET /api/admin/channels`.

use axum::response::Response;
use tradepost_app::channel::{ChannelView, list_channels};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the channels, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/channels",
    operation_id = "list_channels",
    tag = "channels",
    params(PageQuery),
    responses((status = 200, body = Page<ChannelView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_channels(&staff.context.shop, &page).await?, None)
}
