//! `GET /api/admin/media/{blob}`.

use axum::response::Response;
use tradepost_app::media::{MediaAssetView, find_media};

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{BlobName, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// What is known of a stored picture.
#[utoipa::path(
    get,
    path = "/api/admin/media/{blob}",
    operation_id = "get_admin_media",
    tag = "media",
    params(("blob" = String, Path, description = "Name of the stored picture")),
    responses((status = 200, body = MediaAssetView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(blob): Path<BlobName>,
    _: NoParams,
) -> Result<Response, Problem> {
    let view = find_media(&staff.context.shop, &blob.0).await?;
    respond::read(&view.ok_or_else(|| Problem::missing("media"))?, None)
}
