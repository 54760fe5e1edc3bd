//! `DELETE /api/admin/tax-classes/{tax_class}`.

use axum::response::Response;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_app::pricing::tax_class::TaxClassCreate;
use tradepost_domain::kernel::ids::TaxClassId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a tax class. No tax rate or shipping method may name it.
#[utoipa::path(
    delete,
    path = "/api/admin/tax-classes/{tax_class}",
    operation_id = "delete_tax_class",
    tag = "tax-classes",
    params(("tax_class" = String, Path, description = "Id or handle of the tax class"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<TaxClassId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(delete_rule::<TaxClassCreate>(&context, &key.into(), version).await?) };
    staff.write(request, Vec::new(), run).await
}
