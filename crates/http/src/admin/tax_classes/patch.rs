//! `PATCH /api/admin/tax-classes/{tax_class}`.

use axum::response::Response;
use tradepost_app::pricing::rule::patch_rule;
use tradepost_app::pricing::tax_class::{TaxClassCreate, TaxClassPatch, TaxClassView};
use tradepost_domain::kernel::ids::TaxClassId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a tax class: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/tax-classes/{tax_class}",
    operation_id = "patch_tax_class",
    tag = "tax-classes",
    params(("tax_class" = String, Path, description = "Id or handle of the tax class"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = TaxClassPatch,
    responses((status = 200, body = TaxClassView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<TaxClassId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<TaxClassCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
