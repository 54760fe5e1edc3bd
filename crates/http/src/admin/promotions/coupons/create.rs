//! `POST /api/admin/promotions/{promotion}/coupons`.

use axum::response::Response;
use tradepost_app::pricing::coupon::{CouponCreate, CouponView, create_coupon};
use tradepost_domain::kernel::ids::PromotionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, IdOrHandle, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a coupon.
#[utoipa::path(
    post,
    path = "/api/admin/promotions/{promotion}/coupons",
    operation_id = "create_coupon",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CouponCreate,
    responses((status = 201, body = CouponView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PromotionId>>,
    request: WriteRequest,
    body: Body<CouponCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_coupon(&context, &key.into(), create).await?) };
    staff.write(request, body.hash, run).await
}
