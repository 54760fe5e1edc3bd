//! `POST /api/admin/stock-levels/bulk`.

use axum::response::Response;
use serde_json::Value;
use tradepost_app::batch::BatchView;
use tradepost_app::catalog::stock_level::StockLevelView;
use tradepost_app::inventory::set_stock_levels;
use utoipa::ToSchema;

use super::body::StockLevelSet;
use crate::admin::batch;
use crate::document::StaffWriteProblems;
use crate::extract::staff::StockWrite;
use crate::extract::{Body, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Levels to set, each by itself.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLevelBulk {
    /// At most 50.
    #[schema(value_type = Vec<StockLevelSet>, min_items = 1, max_items = 50)]
    items: Vec<Value>,
}

/// Sets up to 50 levels, each by itself: one that is refused, or that cannot be read, leaves the others as they are, and
/// one that is not there is made. Repeating adjustments adjusts twice: send an
/// `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/admin/stock-levels/bulk",
    operation_id = "set_stock_levels",
    tag = "stock",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = StockLevelBulk,
    responses((status = 200, body = BatchView<StockLevelView>), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<StockLevelBulk>,
) -> Result<Response, Problem> {
    let items = batch::read_items(body.value.items, "$.items", StockLevelSet::into_item)?;
    let refuse = batch::refusing(&request);
    let run = |context| async move { set_stock_levels(&context, items, refuse).await };
    staff.write(request, body.hash, run).await
}
