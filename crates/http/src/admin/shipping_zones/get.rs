//! `GET /api/admin/shipping-zones/{shipping_zone}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::pricing::shipping_zone::{ShippingZoneCreate, ShippingZoneView};
use tradepost_domain::kernel::ids::ShippingZoneId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one shipping zone.
#[utoipa::path(
    get,
    path = "/api/admin/shipping-zones/{shipping_zone}",
    operation_id = "get_shipping_zone",
    tag = "shipping-zones",
    params(("shipping_zone" = String, Path, description = "Id or handle of the shipping zone")),
    responses((status = 200, body = ShippingZoneView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<ShippingZoneId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<ShippingZoneCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("shipping_zone"))?;
    respond::read(&rule, Some(rule.version))
}
