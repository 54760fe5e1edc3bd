//! `POST /api/admin/stock-locations`.

use axum::response::Response;
use tradepost_app::stock_location::{StockLocationCreate, StockLocationView, create_stock_location};

use crate::document::StaffWriteProblems;
use crate::extract::staff::StockWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a stock location.
#[utoipa::path(
    post,
    path = "/api/admin/stock-locations",
    operation_id = "create_stock_location",
    tag = "stock-locations",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = StockLocationCreate,
    responses((status = 201, body = StockLocationView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<StockWrite>,
    request: WriteRequest,
    body: Body<StockLocationCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff
        .write(
            request,
            body.hash,
            |context| async move { Ok(create_stock_location(&context, create).await?) },
        )
        .await
}
