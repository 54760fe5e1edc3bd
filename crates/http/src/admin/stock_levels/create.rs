//! `POST /api/admin/stock-levels`.

use axum::response::Response;
use tradepost_app::catalog::stock_level::StockLevelView;
use tradepost_app::inventory::create_stock_level;

use super::body::StockLevelSet;
use crate::document::StaffWriteProblems;
use crate::extract::staff::StockWrite;
use crate::extract::{Body, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a level: a variant's stock at a location where it has none yet.
#[utoipa::path(
    post,
    path = "/api/admin/stock-levels",
    operation_id = "create_stock_level",
    tag = "stock",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = StockLevelSet,
    responses((status = 201, body = StockLevelView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<StockLevelSet>,
) -> Result<Response, Problem> {
    let item = body.value.into_item("$")?;
    staff
        .write(request, body.hash, |context| async move { Ok(create_stock_level(&context, &item).await?) })
        .await
}
