//! `PATCH /api/admin/stock-levels/{stock_level}`.

use axum::response::Response;
use tradepost_app::catalog::stock_level::{StockLevelView, patch_stock_level};
use tradepost_domain::kernel::ids::StockLevelId;
use utoipa::ToSchema;

use super::body::stock_change;
use crate::document::StaffWriteProblems;
use crate::extract::patch::present;
use crate::extract::staff::StockWrite;
use crate::extract::{Body, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// A change of a stock level: either `on_hand` or `adjust`.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLevelPatch {
    /// Units that lie there, as they were counted.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000)]
    on_hand: Option<i64>,
    /// Units that came, or went when it is below zero.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false)]
    adjust: Option<i64>,
    /// Why, for the audit log.
    #[serde(default)]
    #[schema(max_length = 255)]
    reason: Option<String>,
}

/// Changes what lies at a level. Repeating an adjustment adjusts twice: send an `Idempotency-Key`.
#[utoipa::path(
    patch,
    path = "/api/admin/stock-levels/{stock_level}",
    operation_id = "patch_stock_level",
    tag = "stock",
    params(
        ("stock_level" = String, Path, description = "Id"),
        ("If-Match" = String, Header, description = "ETag of the version that was read, or *")
    ),
    request_body = StockLevelPatch,
    responses((status = 200, body = StockLevelView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockWrite>,
    Path(id): Path<StockLevelId>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Body<StockLevelPatch>,
) -> Result<Response, Problem> {
    let StockLevelPatch { on_hand, adjust, reason } = body.value;
    let change = stock_change((on_hand, adjust), "$")?;
    let run = |context| async move {
        Ok(patch_stock_level(&context, id, version.version(), change, reason.as_deref()).await?)
    };
    staff.write(request, body.hash, run).await
}
