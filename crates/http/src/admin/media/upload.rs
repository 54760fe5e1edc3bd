//! `POST /api/admin/media`.

use axum::response::Response;
use tradepost_app::media::{MediaAssetView, upload_media};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{NoParams, Staff, UploadedImage, WriteRequest};
use crate::problem::Problem;

/// A form with a picture.
#[derive(Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what is read as a stream")]
struct PictureForm {
    /// The picture; the field's name does not matter.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Stores a picture of at most 20 MiB and 25 megapixels: JPEG, PNG or WebP, told by its content. It is turned upright,
/// written anew without metadata, and copied to widths of 320, 640 and 1280 pixels.
#[utoipa::path(
    post,
    path = "/api/admin/media",
    operation_id = "upload_media",
    tag = "media",
    request_body(
        description = "The picture, or a form with it as its only file",
        content(("image/jpeg"), ("image/png"), ("image/webp"), (PictureForm = "multipart/form-data"))
    ),
    responses((status = 201, body = MediaAssetView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    _: NoParams,
    request: WriteRequest,
    image: UploadedImage,
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(upload_media(&context, image.content).await?) };
    staff.write(request, image.hash, run).await
}
