//! `GET /api/admin/system`.

use axum::response::Response;
use tradepost_app::system::{SystemView, read_system};

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{NoParams, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows how the shop runs at this moment.
#[utoipa::path(
    get,
    path = "/api/admin/system",
    operation_id = "get_system",
    tag = "system",
    responses((status = 200, body = SystemView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, _: NoParams) -> Result<Response, Problem> {
    respond::read(&read_system(&staff.context.shop).await?, None)
}
