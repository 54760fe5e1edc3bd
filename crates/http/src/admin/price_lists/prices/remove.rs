//! `DELETE /api/admin/price-lists/{price_list}/prices/{variant}`.

use axum::response::Response;
use tradepost_app::pricing::price_list::PriceListView;
use tradepost_app::pricing::price_list_price::remove_price_list_prices;
use tradepost_domain::kernel::ids::{PriceListId, VariantId};

use crate::document::StaffWriteProblems;
use crate::extract::path::Path2;
use crate::extract::staff::PricingWrite;
use crate::extract::{IdOrHandle, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes all prices of a variant out of a price list.
#[utoipa::path(
    delete,
    path = "/api/admin/price-lists/{price_list}/prices/{variant}",
    operation_id = "remove_price_list_prices",
    tag = "price-lists",
    params(("price_list" = String, Path, description = "Id or handle of the price list"), ("variant" = String, Path, description = "Id of the variant"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = PriceListView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path2(key, variant): Path2<IdOrHandle<PriceListId>, VariantId>,
    _: NoParams,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(remove_price_list_prices(&context, &key.into(), variant).await?) };
    staff.write(request, Vec::new(), run).await
}
