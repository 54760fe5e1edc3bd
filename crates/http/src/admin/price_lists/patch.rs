//! `PATCH /api/admin/price-lists/{price_list}`.

use axum::response::Response;
use tradepost_app::pricing::price_list::{PriceListCreate, PriceListPatch, PriceListView};
use tradepost_app::pricing::rule::patch_rule;
use tradepost_domain::kernel::ids::PriceListId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::PricingWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a price list: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/price-lists/{price_list}",
    operation_id = "patch_price_list",
    tag = "price-lists",
    params(("price_list" = String, Path, description = "Id or handle of the price list"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = PriceListPatch,
    responses((status = 200, body = PriceListView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<PricingWrite>,
    Path(key): Path<IdOrHandle<PriceListId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<PriceListCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
