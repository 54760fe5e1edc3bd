//! `DELETE /api/admin/promotions/{promotion}/coupons/{coupon}`.

use axum::response::Response;
use tradepost_app::pricing::coupon::delete_coupon;
use tradepost_domain::kernel::ids::{CouponId, PromotionId};

use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::PricingWrite;
use crate::extract::{IdOrHandle, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a coupon that no order used.
#[utoipa::path(
    delete,
    path = "/api/admin/promotions/{promotion}/coupons/{coupon}",
    operation_id = "delete_coupon",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("coupon" = String, Path, description = "Id of the coupon"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path2(key, id): Path2<IdOrHandle<PromotionId>, CouponId>,
    _: NoParams,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(delete_coupon(&context, &key.into(), id).await?) };
    staff.write(request, Vec::new(), run).await
}
