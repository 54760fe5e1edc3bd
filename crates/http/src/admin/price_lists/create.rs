//! `POST /api/admin/price-lists`.

use axum::response::Response;
use tradepost_app::pricing::price_list::{PriceListCreate, PriceListView};
use tradepost_app::pricing::rule::create_rule;

use crate::document::StaffWriteProblems;
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a price list.
#[utoipa::path(
    post,
    path = "/api/admin/price-lists",
    operation_id = "create_price_list",
    tag = "price-lists",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = PriceListCreate,
    responses((status = 201, body = PriceListView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    request: WriteRequest,
    body: Body<PriceListCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
