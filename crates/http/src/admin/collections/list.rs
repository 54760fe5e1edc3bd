//! `GET /api/admin/collections`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionView, list_collections};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the collections, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/collections",
    operation_id = "list_admin_collections",
    tag = "collections",
    params(PageQuery),
    responses((status = 200, body = Page<CollectionView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_collections(&staff.context.shop, &page).await?, None)
}
