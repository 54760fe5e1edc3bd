//! `GET /api/admin/api-keys/{api_key}`.

use axum::response::Response;
use tradepost_app::api_key::{ApiKeyView, find_api_key};
use tradepost_domain::kernel::ids::ApiKeyId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one API key.
#[utoipa::path(
    get,
    path = "/api/admin/api-keys/{api_key}",
    operation_id = "get_api_key",
    tag = "api-keys",
    params(("api_key" = String, Path, description = "Id of the API key")),
    responses((status = 200, body = ApiKeyView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<ApiKeyId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_api_key(&staff.context.shop, key).await?;
    let api_key = found.ok_or_else(|| Problem::missing("api_key"))?;
    respond::read(&api_key, Some(api_key.version))
}
