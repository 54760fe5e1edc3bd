//! `DELETE /api/admin/price-lists/{price_list}`.

use axum::response::Response;
use tradepost_app::pricing::price_list::PriceListCreate;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_domain::kernel::ids::PriceListId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::PricingWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a price list. Its prices go with it.
#[utoipa::path(
    delete,
    path = "/api/admin/price-lists/{price_list}",
    operation_id = "delete_price_list",
    tag = "price-lists",
    params(("price_list" = String, Path, description = "Id or handle of the price list"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PriceListId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(delete_rule::<PriceListCreate>(&context, &key.into(), version).await?) };
    staff.write(request, Vec::new(), run).await
}
