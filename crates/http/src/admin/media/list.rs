//! `GET /api/admin/media`.

use axum::response::Response;
use tradepost_app::media::{MediaAssetView, list_media};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the stored pictures, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/media",
    operation_id = "list_media",
    tag = "media",
    params(PageQuery),
    responses((status = 200, body = Page<MediaAssetView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_media(&staff.context.shop, &page).await?, None)
}
