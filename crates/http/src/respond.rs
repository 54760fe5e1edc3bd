//! Success answers: finished bytes with their headers.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use tradepost_app::{Answer, Outcome};

use crate::problem::Problem;

/// Says that an answer was given before to the same `Idempotency-Key`.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// JSON bytes with a status.
pub fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The `ETag` of a version.
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"v{version}\"")).unwrap_or(HeaderValue::from_static("\"v0\""))
}

/// The answer of a write. What staff see is never cached.
pub fn written(answer: Answer) -> Response {
    let status = match answer.outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Done => StatusCode::OK,
        Outcome::Accepted => StatusCode::ACCEPTED,
        Outcome::Deleted => StatusCode::NO_CONTENT,
    };
    let etag = answer.version.map(etag);
    private(status, answer.body, etag, answer.location.as_deref())
}

/// What staff read: never cached, with its `ETag` where it has a version.
pub fn read<T: serde::Serialize>(view: &T, version: Option<i64>) -> Result<Response, Problem> {
    let body = serde_json::to_vec(view).map_err(|error| Problem::internal(&error))?;
    Ok(private(StatusCode::OK, body, version.map(etag), None))
}

/// JSON for one reader alone, with what else belongs to it.
pub fn private(
    status: StatusCode,
    body: Vec<u8>,
    etag: Option<HeaderValue>,
    location: Option<&str>,
) -> Response {
    let mut response = json_bytes(status, body);
    let headers = response.headers_mut();
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Some(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    if let Some(location) = location.and_then(|path| HeaderValue::from_str(path).ok()) {
        headers.insert(header::LOCATION, location);
    }
    response
}
