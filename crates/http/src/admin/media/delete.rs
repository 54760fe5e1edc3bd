//! `DELETE /api/admin/media/{blob}`.

use axum::response::Response;
use tradepost_app::media::delete_media;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{BlobName, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a stored picture with its narrower copies. While products show it, it is a 409 with their `product_ids` (ten at
/// most). Caches that have the file may keep it.
#[utoipa::path(
    delete,
    path = "/api/admin/media/{blob}",
    operation_id = "delete_media",
    tag = "media",
    params(("blob" = String, Path, description = "Name of the stored picture")),
    responses((status = 204, description = "It is gone"), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(blob): Path<BlobName>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(delete_media(&context, &blob.0).await?) };
    staff.write(request, Vec::new(), run).await
}
