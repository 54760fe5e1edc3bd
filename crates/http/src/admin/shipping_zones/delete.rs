//! `DELETE /api/admin/shipping-zones/{shipping_zone}`.

use axum::response::Response;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_app::pricing::shipping_zone::ShippingZoneCreate;
use tradepost_domain::kernel::ids::ShippingZoneId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a shipping zone. No shipping method may name it.
#[utoipa::path(
    delete,
    path = "/api/admin/shipping-zones/{shipping_zone}",
    operation_id = "delete_shipping_zone",
    tag = "shipping-zones",
    params(("shipping_zone" = String, Path, description = "Id or handle of the shipping zone"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<ShippingZoneId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run =
        |context| async move { Ok(delete_rule::<ShippingZoneCreate>(&context, &key.into(), version).await?) };
    staff.write(request, Vec::new(), run).await
}
