//! `DELETE /api/admin/tax-rates/{tax_rate}`.

use axum::response::Response;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_app::pricing::tax_rate::TaxRateCreate;
use tradepost_domain::kernel::ids::TaxRateId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a tax rate.
#[utoipa::path(
    delete,
    path = "/api/admin/tax-rates/{tax_rate}",
    operation_id = "delete_tax_rate",
    tag = "tax-rates",
    params(("tax_rate" = String, Path, description = "Id or handle of the tax rate"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<TaxRateId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(delete_rule::<TaxRateCreate>(&context, &key.into(), version).await?) };
    staff.write(request, Vec::new(), run).await
}
