//! `PATCH /api/admin/stock-locations/{stock_location}`.

use axum::response::Response;
use tradepost_app::stock_location::{StockLocationPatch, StockLocationView, patch_stock_location};
use tradepost_domain::kernel::ids::StockLocationId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::StockWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a stock location: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/stock-locations/{stock_location}",
    operation_id = "patch_stock_location",
    tag = "stock-locations",
    params(("stock_location" = String, Path, description = "Id or handle of the stock location"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = StockLocationPatch,
    responses((status = 200, body = StockLocationView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockWrite>,
    Path(key): Path<IdOrHandle<StockLocationId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<StockLocationPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run = |context| async move {
        Ok(patch_stock_location(&context, &key.into(), version.version(), patch).await?)
    };
    staff.write(request, body.hash, run).await
}
