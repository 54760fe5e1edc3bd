//! `PATCH /api/admin/promotions/{promotion}`.

use axum::response::Response;
use tradepost_app::pricing::promotion::{PromotionCreate, PromotionPatch, PromotionView};
use tradepost_app::pricing::rule::patch_rule;
use tradepost_domain::kernel::ids::PromotionId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a promotion: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/promotions/{promotion}",
    operation_id = "patch_promotion",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = PromotionPatch,
    responses((status = 200, body = PromotionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PromotionId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<PromotionCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
