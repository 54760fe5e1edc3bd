//! `DELETE /api/admin/channels/{channel}`.

use axum::response::Response;
use tradepost_app::channel::delete_channel;
use tradepost_domain::kernel::ids::ChannelId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a channel. Not the default one, nor one that a live key or a product names.
#[utoipa::path(
    delete,
    path = "/api/admin/channels/{channel}",
    operation_id = "delete_channel",
    tag = "channels",
    params(("channel" = String, Path, description = "Id or handle of the channel"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<ChannelId>>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move {
            Ok(delete_channel(&context, &key.into(), version).await?)
        })
        .await
}
