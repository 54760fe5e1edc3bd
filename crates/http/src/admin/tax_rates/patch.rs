//! `PATCH /api/admin/tax-rates/{tax_rate}`.

use axum::response::Response;
use tradepost_app::pricing::rule::patch_rule;
use tradepost_app::pricing::tax_rate::{TaxRateCreate, TaxRatePatch, TaxRateView};
use tradepost_domain::kernel::ids::TaxRateId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a tax rate: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/tax-rates/{tax_rate}",
    operation_id = "patch_tax_rate",
    tag = "tax-rates",
    params(("tax_rate" = String, Path, description = "Id or handle of the tax rate"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = TaxRatePatch,
    responses((status = 200, body = TaxRateView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<TaxRateId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<TaxRateCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
