//! Answers that any cache may hold: public for as long as a purge by surrogate key takes, and an ETag to ask again by.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tradepost_app::catalog::Document;
use tradepost_app::idempotency::body_hash;

use crate::memory::Memorable;
use crate::respond::json_bytes;

/// Names of what an answer is made of, for purging it.
pub const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// Browsers ask again each time (a 304 is cheap); shared caches keep it for a minute, and serve it stale while they
/// fetch a new one. RFC 9111, section 5.2.2, and RFC 5861.
const PUBLIC: HeaderValue =
    HeaderValue::from_static("public, max-age=0, s-maxage=60, stale-while-revalidate=300");
/// What the answer depends on beside its URL.
const VARY: HeaderValue = HeaderValue::from_static("publishable-key, accept-encoding");

/// A public answer, or 304 where the client has it already.
///
/// The tag is made of the bytes, or of those of the parts: a number of the shop (an epoch, a version) would come again with other bytes after a
/// backup was restored or the program was renewed. It is made once an epoch; answers given again carry it along.
pub fn public(request: &HeaderMap, body: Bytes, surrogate_keys: &str) -> Response {
    let tag = digest(&body);
    tagged(request, (body, tag), surrogate_keys)
}

/// The same of a finished answer, whose tag may be known.
pub fn finished(request: &HeaderMap, document: Document) -> Response {
    let tag = document.tag.unwrap_or_else(|| digest(&document.body));
    tagged(request, (document.body, tag), &document.surrogate_keys)
}

fn tagged(request: &HeaderMap, (body, tag): (Bytes, [u8; 16]), surrogate_keys: &str) -> Response {
    let etag = format!("\"{}\"", hexadecimal(tag));
    let mut response = if has_it(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = json_bytes(StatusCode::OK, body.clone());
        response.extensions_mut().insert(Memorable(body));
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, PUBLIC);
    headers.insert(header::VARY, VARY);
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Ok(keys) = HeaderValue::from_str(surrogate_keys) {
        headers.insert(SURROGATE_KEY, keys);
    }
    response
}

/// An answer that nobody is to keep: the next one may be another.
pub fn passing(body: Bytes) -> Response {
    let mut response = json_bytes(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::VARY, VARY);
    response
}

/// Says that the thing has another handle now.
pub fn moved(path: &str, query: Option<&str>) -> Response {
    let location = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, PUBLIC);
    headers.insert(header::VARY, VARY);
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// The first 128 bits of the body's SHA-256.
fn digest(body: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.iter_mut().zip(body_hash(body)).for_each(|(place, byte)| *place = byte);
    digest
}

fn hexadecimal(tag: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(tag))
}

/// Whether `If-None-Match` names the tag; weakly compared, as RFC 9110, section 13.1.2, wants it.
pub(crate) fn has_it(request: &HeaderMap, etag: &str) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_the_bytes_gets_none() {
        let (mine, other) = (Bytes::from_static(b"{}"), Bytes::from_static(b"[]"));
        let etag = public(&HeaderMap::new(), mine.clone(), "products").headers()[header::ETAG].clone();
        let mut request = HeaderMap::new();
        request.insert(header::IF_NONE_MATCH, etag.clone());
        assert_eq!(public(&request, mine.clone(), "products").status(), 304);
        assert_eq!(public(&request, other, "products").status(), 200);
        let weak = format!("\"x\", W/{}", etag.to_str().unwrap());
        request.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&weak).unwrap());
        assert_eq!(public(&request, mine, "products").status(), 304);
    }
}
