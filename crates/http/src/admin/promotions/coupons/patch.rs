//! `PATCH /api/admin/promotions/{promotion}/coupons/{coupon}`.

use axum::response::Response;
use tradepost_app::pricing::coupon::CouponView;
use tradepost_app::pricing::coupon_patch::{CouponPatch, patch_coupon};
use tradepost_domain::kernel::ids::{CouponId, PromotionId};

use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes how often and when a coupon can be used: what is absent stays, null clears. Its code stays.
#[utoipa::path(
    patch,
    path = "/api/admin/promotions/{promotion}/coupons/{coupon}",
    operation_id = "patch_coupon",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("coupon" = String, Path, description = "Id of the coupon"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CouponPatch,
    responses((status = 200, body = CouponView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path2(key, id): Path2<IdOrHandle<PromotionId>, CouponId>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<CouponPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run = |context| async move {
        Ok(patch_coupon(&context, (&key.into(), id), version.version(), patch).await?)
    };
    staff.write(request, body.hash, run).await
}
