//! Uploaded pictures: a raw body, or the one file of a form. What it is, its content says, not its label.

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;
use tradepost_app::idempotency::body_hash;

use super::body::read;
use crate::problem::Problem;
use crate::state::ApiState;

/// Bytes of an uploaded picture.
pub const UPLOAD_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Bytes that a form may add to its file.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Media types that a raw body may be labelled with.
const LABELS: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// A picture as it was sent.
#[derive(Debug)]
pub struct UploadedImage {
    /// Its bytes.
    pub content: Bytes,
    /// SHA-256 of them, by which a repeated request is told from another. Not of the body: a form's boundary is drawn
    /// anew each time.
    pub hash: Vec<u8>,
}

impl FromRequest<ApiState> for UploadedImage {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, Problem> {
        let label = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let label = label.unwrap_or_default().to_ascii_lowercase();
        let essence = label.split(';').next().unwrap_or_default().trim();
        let content = if LABELS.contains(&essence) {
            read(request.into_body(), UPLOAD_BYTES_MAX).await?
        } else if essence == "multipart/form-data" {
            from_form(request).await?
        } else {
            let detail = "send image/jpeg, image/png or image/webp, or one file as multipart/form-data";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
                .param("Content-Type"));
        };
        if content.is_empty() {
            return Err(Problem::malformed("empty_body", "body", "the picture has no bytes"));
        }
        let hash = body_hash(&content);
        Ok(Self { content, hash })
    }
}

async fn from_form(request: Request) -> Result<Bytes, Problem> {
    let refuse = |error: multer::Error| Problem::malformed("malformed_form", "body", error.to_string());
    let label = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(label.unwrap_or_default()).map_err(refuse)?;
    let bytes = read(request.into_body(), UPLOAD_BYTES_MAX + FORM_BYTES_MAX).await?;
    let mut form = Multipart::new(stream::iter([Ok::<Bytes, Infallible>(bytes)]), boundary);
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(refuse)? {
        let is_first = file.replace(field.bytes().await.map_err(refuse)?).is_none();
        if !is_first {
            return Err(Problem::malformed(
                "malformed_form",
                "body",
                "the form holds one file and nothing else",
            ));
        }
    }
    let file = file.ok_or_else(|| Problem::malformed("malformed_form", "body", "the form holds no file"))?;
    if file.len() > UPLOAD_BYTES_MAX {
        let detail = format!("a picture has at most {UPLOAD_BYTES_MAX} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail).param("body"));
    }
    Ok(file)
}
