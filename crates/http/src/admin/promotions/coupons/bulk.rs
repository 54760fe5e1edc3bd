//! `POST /api/admin/promotions/{promotion}/coupons/bulk`.

use axum::response::Response;
use tradepost_app::pricing::coupon::{CouponsCreate, CouponsView, create_coupons};
use tradepost_domain::kernel::ids::PromotionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, IdOrHandle, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes many coupons, with codes that nobody can guess.
#[utoipa::path(
    post,
    path = "/api/admin/promotions/{promotion}/coupons/bulk",
    operation_id = "create_coupons",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CouponsCreate,
    responses((status = 201, body = CouponsView, headers(("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PromotionId>>,
    request: WriteRequest,
    body: Body<CouponsCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_coupons(&context, &key.into(), create).await?) };
    staff.write(request, body.hash, run).await
}
