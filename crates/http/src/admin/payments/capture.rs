//! `POST /api/admin/payments/{payment}/capture`.

use axum::response::Response;
use tradepost_app::payment::{PaymentAdminView, PaymentCapture, capture_payment};
use tradepost_domain::kernel::ids::PaymentId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::OrdersWrite;
use crate::extract::{Body, IfMatch, Path, Staff, WriteRequest, required_key};
use crate::problem::Problem;

/// Takes money that is set aside, all of it or less. 202 where the provider has not said yet what came of it.
#[utoipa::path(
    post,
    path = "/api/admin/payments/{payment}/capture",
    operation_id = "capture_payment",
    tag = "payments",
    params(("payment" = String, Path, description = "Id of the payment"), ("If-Match" = Option<String>, Header, description = "`ETag` of the payment that was read; any version when absent"), ("Idempotency-Key" = String, Header, description = "Makes a repeat of the request give the same answer; a new one for each new request")),
    request_body = Option<PaymentCapture>,
    responses((status = 200, body = PaymentAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), (status = 202, body = PaymentAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<OrdersWrite>,
    Path(id): Path<PaymentId>,
    version: Option<IfMatch>,
    request: WriteRequest,
    body: Option<Body<PaymentCapture>>,
) -> Result<Response, Problem> {
    let request = required_key(request)?;
    let (capture, hash) = body.map(|body| (body.value, body.hash)).unwrap_or_default();
    let run = |context| async move {
        Ok(capture_payment(&context, id, version.and_then(IfMatch::version), &capture).await?)
    };
    staff.write(request, hash, run).await
}
