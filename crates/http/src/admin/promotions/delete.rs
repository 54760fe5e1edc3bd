//! `DELETE /api/admin/promotions/{promotion}`.

use axum::response::Response;
use tradepost_app::pricing::promotion::PromotionCreate;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_domain::kernel::ids::PromotionId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::PricingWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a promotion. One that an order used is made inactive instead.
#[utoipa::path(
    delete,
    path = "/api/admin/promotions/{promotion}",
    operation_id = "delete_promotion",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PromotionId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(delete_rule::<PromotionCreate>(&context, &key.into(), version).await?) };
    staff.write(request, Vec::new(), run).await
}
