//! `POST /api/admin/stock-levels/bulk`.

use axum::response::Response;
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
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<StockLevelSet>,
}

/// Sets up to 50 levels, each by itself: one that is refused leaves the others as they are, and one that is not there is
/// made. What cannot be read refuses all before anything is done. Repeating adjustments adjusts twice: send an
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
    let items = batch::sized(body.value.items, "$.items")?.into_iter().enumerate();
    let items = items.map(|(index, item)| item.into_item(&format!("$.items[{index}]")));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let refuse = batch::refusing(&request);
    let run = |context| async move { set_stock_levels(&context, &items, refuse).await };
    staff.write(request, body.hash, run).await
}
