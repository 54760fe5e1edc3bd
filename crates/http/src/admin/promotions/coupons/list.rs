//! `GET /api/admin/promotions/{promotion}/coupons`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::coupon::{CouponView, list_coupons};
use tradepost_domain::kernel::ids::PromotionId;

use crate::document::StaffReadProblems;
use crate::extract::staff::PricingRead;
use crate::extract::{IdOrHandle, ListParams, PageQuery, Path, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the coupons of a promotion, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/promotions/{promotion}/coupons",
    operation_id = "list_coupons",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), PageQuery),
    responses((status = 200, body = Page<CouponView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingRead>,
    Path(key): Path<IdOrHandle<PromotionId>>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    let coupons = list_coupons(&staff.context.shop, &key.into(), &page).await?;
    respond::read(&coupons.ok_or_else(|| Problem::missing("promotion"))?, None)
}
