//! Stored pictures: served under the hash of their content, so that they may be kept for ever.
//!
//! A narrower copy has an address of its own, which product views name; there is no parameter for a width. A drawing
//! (SVG) is served so that nothing in it can run.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use tradepost_app::media::read_blob;
use tradepost_port::blob::is_blob_name;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::document::PublicProblems;
use crate::extract::NoParams;
use crate::problem::Problem;
use crate::state::ApiState;

/// Lets pages of other origins show the picture: storefronts live elsewhere.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Routes of stored pictures.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(handler))
}

/// A stored picture or its narrower copy.
#[utoipa::path(
    get,
    path = "/media/{blob}",
    operation_id = "get_media",
    tag = "media",
    params(("blob" = String, Path, description = "Name of the file: its hash and ending")),
    responses(
        (status = 200, description = "The file", content(("image/jpeg"), ("image/png"), ("image/webp"), ("image/gif"), ("image/avif"), ("image/svg+xml"), ("application/octet-stream"))),
        (status = 304, description = "The file that is known already"),
        PublicProblems
    )
)]
pub async fn handler(
    State(state): State<ApiState>,
    _: NoParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // The path as it was sent: a name of ours needs no decoding, and nothing else reaches the blob store.
    let name = uri.path().strip_prefix("/media/").filter(|name| is_blob_name(name));
    let Some(name) = name else { return Err(Problem::missing("media")) };
    let etag = HeaderValue::from_str(&format!("\"{name}\"")).map_err(|error| Problem::internal(&error))?;
    if knows(&headers, &etag) {
        return Ok(answer(StatusCode::NOT_MODIFIED, Body::empty(), name, etag));
    }
    let content = read_blob(&state.shop, name).await.map_err(|error| Problem::internal(&error))?;
    let content = content.ok_or_else(|| Problem::missing("media"))?;
    Ok(answer(StatusCode::OK, Body::from(content), name, etag))
}

/// Whether the reader has it. What is named by its content never changes, so that the name alone decides.
fn knows(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ours = etag.to_str().unwrap_or_default();
    known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == ours)
}

fn answer(status: StatusCode, body: Body, name: &str, etag: HeaderValue) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let ending = name.rsplit('.').next().unwrap_or_default();
    let headers = response.headers_mut();
    if status == StatusCode::OK {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(ending)));
    }
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    if content_type(ending) == "application/octet-stream" {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    response
}

fn content_type(ending: &str) -> &'static str {
    match ending {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
