//! `GET /api/admin/tax-classes/{tax_class}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::pricing::tax_class::{TaxClassCreate, TaxClassView};
use tradepost_domain::kernel::ids::TaxClassId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one tax class.
#[utoipa::path(
    get,
    path = "/api/admin/tax-classes/{tax_class}",
    operation_id = "get_tax_class",
    tag = "tax-classes",
    params(("tax_class" = String, Path, description = "Id or handle of the tax class")),
    responses((status = 200, body = TaxClassView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<TaxClassId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<TaxClassCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("tax_class"))?;
    respond::read(&rule, Some(rule.version))
}
