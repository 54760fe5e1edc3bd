//! `POST /api/admin/tax-zones`.

use axum::response::Response;
use tradepost_app::pricing::rule::create_rule;
use tradepost_app::pricing::tax_zone::{TaxZoneCreate, TaxZoneView};

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a tax zone.
#[utoipa::path(
    post,
    path = "/api/admin/tax-zones",
    operation_id = "create_tax_zone",
    tag = "tax-zones",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = TaxZoneCreate,
    responses((status = 201, body = TaxZoneView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<TaxZoneCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
