//! `POST /api/admin/shipping-methods`.

use axum::response::Response;
use tradepost_app::pricing::rule::create_rule;
use tradepost_app::pricing::shipping_method::{ShippingMethodCreate, ShippingMethodView};

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a shipping method.
#[utoipa::path(
    post,
    path = "/api/admin/shipping-methods",
    operation_id = "create_shipping_method",
    tag = "shipping-methods",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ShippingMethodCreate,
    responses((status = 201, body = ShippingMethodView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<ShippingMethodCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
