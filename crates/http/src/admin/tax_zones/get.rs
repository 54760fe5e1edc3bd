//! `GET /api/admin/tax-zones/{tax_zone}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::pricing::tax_zone::{TaxZoneCreate, TaxZoneView};
use tradepost_domain::kernel::ids::TaxZoneId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one tax zone.
#[utoipa::path(
    get,
    path = "/api/admin/tax-zones/{tax_zone}",
    operation_id = "get_tax_zone",
    tag = "tax-zones",
    params(("tax_zone" = String, Path, description = "Id or handle of the tax zone")),
    responses((status = 200, body = TaxZoneView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<TaxZoneId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<TaxZoneCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("tax_zone"))?;
    respond::read(&rule, Some(rule.version))
}
