//! `GET /api/admin/tax-rates/{tax_rate}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::pricing::tax_rate::{TaxRateCreate, TaxRateView};
use tradepost_domain::kernel::ids::TaxRateId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one tax rate.
#[utoipa::path(
    get,
    path = "/api/admin/tax-rates/{tax_rate}",
    operation_id = "get_tax_rate",
    tag = "tax-rates",
    params(("tax_rate" = String, Path, description = "Id or handle of the tax rate")),
    responses((status = 200, body = TaxRateView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<TaxRateId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<TaxRateCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("tax_rate"))?;
    respond::read(&rule, Some(rule.version))
}
