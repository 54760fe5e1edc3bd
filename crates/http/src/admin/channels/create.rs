//! `POST /api/admin/channels`.

use axum::response::Response;
use tradepost_app::channel::{ChannelCreate, ChannelView, create_channel};

use crate::document::StaffWriteProblems;
use crate::extract::staff::SettingsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a channel.
#[utoipa::path(
    post,
    path = "/api/admin/channels",
    operation_id = "create_channel",
    tag = "channels",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ChannelCreate,
    responses((status = 201, body = ChannelView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<SettingsWrite>,
    request: WriteRequest,
    body: Body<ChannelCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff
        .write(request, body.hash, |context| async move { Ok(create_channel(&context, create).await?) })
        .await
}
