//! `POST /api/admin/price-lists/{price_list}/prices`.

use axum::response::Response;
use tradepost_app::pricing::price_list::PriceListView;
use tradepost_app::pricing::price_list_price::{PriceListPricesSet, set_price_list_prices};
use tradepost_domain::kernel::ids::PriceListId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, IdOrHandle, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Sets prices of a price list, all or none; those of other variants, currencies and quantities stay.
#[utoipa::path(
    post,
    path = "/api/admin/price-lists/{price_list}/prices",
    operation_id = "set_price_list_prices",
    tag = "price-lists",
    params(("price_list" = String, Path, description = "Id or handle of the price list"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = PriceListPricesSet,
    responses((status = 200, body = PriceListView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PriceListId>>,
    request: WriteRequest,
    body: Body<PriceListPricesSet>,
) -> Result<Response, Problem> {
    let set = body.value;
    let run = |context| async move { Ok(set_price_list_prices(&context, &key.into(), set).await?) };
    staff.write(request, body.hash, run).await
}
