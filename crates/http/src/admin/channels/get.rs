//! `GET /api/admin/channels/{channel}`.

use axum::response::Response;
use tradepost_app::channel::{ChannelView, find_channel};
use tradepost_domain::kernel::ids::ChannelId;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one channel.
#[utoipa::path(
    get,
    path = "/api/admin/channels/{channel}",
    operation_id = "get_channel",
    tag = "channels",
    params(("channel" = String, Path, description = "Id or handle of the channel")),
    responses((status = 200, body = ChannelView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsRead>,
    Path(key): Path<IdOrHandle<ChannelId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_channel(&staff.context.shop, key.id(), key.handle()).await?;
    let channel = found.ok_or_else(|| Problem::missing("channel"))?;
    respond::read(&channel, Some(channel.version))
}
