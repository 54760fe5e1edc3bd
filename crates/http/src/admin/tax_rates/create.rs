//! `POST /api/admin/tax-rates`.

use axum::response::Response;
use tradepost_app::pricing::rule::create_rule;
use tradepost_app::pricing::tax_rate::{TaxRateCreate, TaxRateView};

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a tax rate.
#[utoipa::path(
    post,
    path = "/api/admin/tax-rates",
    operation_id = "create_tax_rate",
    tag = "tax-rates",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = TaxRateCreate,
    responses((status = 201, body = TaxRateView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<TaxRateCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    let run = |context| async move { Ok(create_rule(&context, create).await?) };
    staff.write(request, body.hash, run).await
}
