//! `GET /api/admin/promotions/{promotion}/coupons/{coupon}`.

use axum::response::Response;
use tradepost_app::pricing::coupon::{CouponView, find_coupon};
use tradepost_domain::kernel::ids::{CouponId, PromotionId};

use crate::document::StaffReadProblems;
use crate::extract::path::Path2;
use crate::extract::staff::PricingRead;
use crate::extract::{IdOrHandle, NoParams, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows a coupon of a promotion.
#[utoipa::path(
    get,
    path = "/api/admin/promotions/{promotion}/coupons/{coupon}",
    operation_id = "get_coupon",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("coupon" = String, Path, description = "Id of the coupon")),
    responses((status = 200, body = CouponView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingRead>,
    Path2(key, id): Path2<IdOrHandle<PromotionId>, CouponId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let coupon = find_coupon(&staff.context.shop, &key.into(), id).await?;
    respond::read(&coupon, Some(coupon.version))
}
