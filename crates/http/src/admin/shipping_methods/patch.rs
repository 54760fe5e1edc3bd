//! `PATCH /api/admin/shipping-methods/{shipping_method}`.

use axum::response::Response;
use tradepost_app::pricing::rule::patch_rule;
use tradepost_app::pricing::shipping_method::{
    ShippingMethodCreate, ShippingMethodPatch, ShippingMethodView,
};
use tradepost_domain::kernel::ids::ShippingMethodId;

use crate::document::StaffWriteProblems;
use crate::extract::body::{Fields, read_patch};
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a shipping method: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/shipping-methods/{shipping_method}",
    operation_id = "patch_shipping_method",
    tag = "shipping-methods",
    params(("shipping_method" = String, Path, description = "Id or handle of the shipping method"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ShippingMethodPatch,
    responses((status = 200, body = ShippingMethodView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<ShippingMethodId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<Fields>,
) -> Result<Response, Problem> {
    let patch = read_patch::<ShippingMethodCreate>(body.value)?;
    let run = |context| async move { Ok(patch_rule(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
