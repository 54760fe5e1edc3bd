//! `POST /api/admin/api-keys/{api_key}/revoke`.

use axum::response::Response;
use tradepost_app::api_key::{ApiKeyView, revoke_api_key};
use tradepost_domain::kernel::ids::ApiKeyId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes an API key back, which stops at once, and shows it. Doing so twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/api-keys/{api_key}/revoke",
    operation_id = "revoke_api_key",
    tag = "api-keys",
    params(("api_key" = String, Path, description = "Id of the API key"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 200, body = ApiKeyView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(id): Path<ApiKeyId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    staff.write(request, Vec::new(), |context| async move { Ok(revoke_api_key(&context, id).await?) }).await
}
