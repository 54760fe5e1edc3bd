//! `DELETE /api/admin/api-keys/{api_key}`.

use axum::response::Response;
use tradepost_app::api_key::delete_api_key;
use tradepost_domain::kernel::ids::ApiKeyId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Takes an API key back, which stops at once. It stays in the list with its `revoked_at`.
#[utoipa::path(
    delete,
    path = "/api/admin/api-keys/{api_key}",
    operation_id = "delete_api_key",
    tag = "api-keys",
    params(("api_key" = String, Path, description = "Id of the API key"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(id): Path<ApiKeyId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    staff.write(request, Vec::new(), |context| async move { Ok(delete_api_key(&context, id).await?) }).await
}
