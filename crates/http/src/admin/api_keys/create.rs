//! `POST /api/admin/api-keys`.

use axum::response::Response;
use tradepost_app::api_key::{ApiKeyIssue, IssuedApiKeyView, issue_api_key};

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes an API key. Its text is in `key` of this answer and nowhere else: a repeat with the same `Idempotency-Key` answers
/// with `key` null, since the text is not kept. A key cannot give scopes that it lacks (403 `scope_not_held`).
#[utoipa::path(
    post,
    path = "/api/admin/api-keys",
    operation_id = "create_api_key",
    tag = "api-keys",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ApiKeyIssue,
    responses((status = 201, body = IssuedApiKeyView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<ApiKeyIssue>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff.write(request, body.hash, |context| async move { Ok(issue_api_key(&context, create).await?) }).await
}
