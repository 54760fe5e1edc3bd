//! `GET /api/admin/promotions`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::promotion::{PromotionCreate, PromotionView};
use tradepost_app::pricing::rule::list_rules;

use crate::document::StaffReadProblems;
use crate::extract::staff::PricingRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the promotions, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/promotions",
    operation_id = "list_promotions",
    tag = "promotions",
    params(PageQuery),
    responses((status = 200, body = Page<PromotionView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<PricingRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<PromotionCreate>(&staff.context.shop, &page).await?, None)
}
