//! `GET /api/admin/promotions/{promotion}`.

use axum::response::Response;
use tradepost_app::pricing::promotion::{PromotionCreate, PromotionView};
use tradepost_app::pricing::rule::find_rule;
use tradepost_domain::kernel::ids::PromotionId;

use crate::document::StaffReadProblems;
use crate::extract::staff::PricingRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one promotion.
#[utoipa::path(
    get,
    path = "/api/admin/promotions/{promotion}",
    operation_id = "get_promotion",
    tag = "promotions",
    params(("promotion" = String, Path, description = "Id or handle of the promotion")),
    responses((status = 200, body = PromotionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingRead>,
    Path(key): Path<IdOrHandle<PromotionId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<PromotionCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("promotion"))?;
    respond::read(&rule, Some(rule.version))
}
