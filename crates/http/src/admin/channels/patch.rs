//! `PATCH /api/admin/channels/{channel}`.

use axum::response::Response;
use tradepost_app::channel::{ChannelPatch, ChannelView, patch_channel};
use tradepost_domain::kernel::ids::ChannelId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes a channel: what is absent stays.
#[utoipa::path(
    patch,
    path = "/api/admin/channels/{channel}",
    operation_id = "patch_channel",
    tag = "channels",
    params(("channel" = String, Path, description = "Id or handle of the channel"), ("If-Match" = String, Header, description = "`ETag` of the version that was read, or `*`"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ChannelPatch,
    responses((status = 200, body = ChannelView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    Path(key): Path<IdOrHandle<ChannelId>>,
    version: IfMatch,
    request: WriteRequest,
    body: Body<ChannelPatch>,
) -> Result<Response, Problem> {
    let patch = body.value;
    let run =
        |context| async move { Ok(patch_channel(&context, &key.into(), version.version(), patch).await?) };
    staff.write(request, body.hash, run).await
}
