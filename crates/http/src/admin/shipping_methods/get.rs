//! `GET /api/admin/shipping-methods/{shipping_method}`.

use axum::response::Response;
use tradepost_app::pricing::rule::find_rule;
use tradepost_app::pricing::shipping_method::{ShippingMethodCreate, ShippingMethodView};
use tradepost_domain::kernel::ids::ShippingMethodId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one shipping method.
#[utoipa::path(
    get,
    path = "/api/admin/shipping-methods/{shipping_method}",
    operation_id = "get_shipping_method",
    tag = "shipping-methods",
    params(("shipping_method" = String, Path, description = "Id or handle of the shipping method")),
    responses((status = 200, body = ShippingMethodView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<ShippingMethodId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_rule::<ShippingMethodCreate>(&staff.context.shop, key.id(), key.handle()).await?;
    let rule = found.ok_or_else(|| Problem::missing("shipping_method"))?;
    respond::read(&rule, Some(rule.version))
}
