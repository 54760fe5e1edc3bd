//! `DELETE /api/admin/shipping-methods/{shipping_method}`.

use axum::response::Response;
use tradepost_app::pricing::rule::delete_rule;
use tradepost_app::pricing::shipping_method::ShippingMethodCreate;
use tradepost_domain::kernel::ids::ShippingMethodId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a shipping method.
#[utoipa::path(
    delete,
    path = "/api/admin/shipping-methods/{shipping_method}",
    operation_id = "delete_shipping_method",
    tag = "shipping-methods",
    params(("shipping_method" = String, Path, description = "Id or handle of the shipping method"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<ShippingMethodId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    let run = |context| async move {
        Ok(delete_rule::<ShippingMethodCreate>(&context, &key.into(), version).await?)
    };
    staff.write(request, Vec::new(), run).await
}
