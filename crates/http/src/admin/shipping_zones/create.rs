//! `POST /api/admin/shipping-zones`.

use axum::response::Response;
use tradepost_app::pricing::rule::create_rule;
use tradepost_app::pricing::shipping_zone::{ShippingZoneCreate, ShippingZoneView};

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a shipping zone.
#[utoipa::path(
    post,
    path = "/api/admin/shipping-zones",
    operation_id = "create_shipping_zone",
    tag = "shipping-zones",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ShippingZoneCreate,
    responses((status = 201, body = ShippingZoneView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<ShippingZoneCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
