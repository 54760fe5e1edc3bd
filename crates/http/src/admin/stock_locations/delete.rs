//! `DELETE /api/admin/stock-locations/{stock_location}`.

use axum::response::Response;
use tradepost_app::stock_location::delete_stock_location;
use tradepost_domain::kernel::ids::StockLocationId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::StockWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a stock location. Not the default one, nor one where stock is counted.
#[utoipa::path(
    delete,
    path = "/api/admin/stock-locations/{stock_location}",
    operation_id = "delete_stock_location",
    tag = "stock-locations",
    params(("stock_location" = String, Path, description = "Id or handle of the stock location"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockWrite>,
    Path(key): Path<IdOrHandle<StockLocationId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move {
            Ok(delete_stock_location(&context, &key.into(), version).await?)
        })
        .await
}
