//! The reference of the API: embedded files that ask nobody but this server.
//!
//! The renderer is RapiDoc (see `assets/docs/LICENSE-rapidoc.txt`), kept gzipped; whoever does not take gzip gets it
//! unpacked. The headers keep the page from loading or sending anything elsewhere.

use std::io::Read;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::read::GzDecoder;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Ops;
use crate::problem::{self, Problem};
use crate::state::ApiState;

/// What the page may do: its own script and style, requests to this server, nothing else. Styles stand in the
/// elements that the renderer makes.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The files change with the program only; an hour of an old page after an update harms nobody.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(Debug, RustEmbed)]
#[folder = "assets/docs"]
struct Files;

/// Routes of the pages; they are no part of the document.
pub(crate) fn pages() -> Router<ApiState> {
    Router::new()
        .route("/docs", get(async |headers: HeaderMap| file::<Files>("index.html", &headers)))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route("/docs/problems", get(async |headers: HeaderMap| file::<Files>("problems.html", &headers)))
        .route(
            "/docs/{file}",
            get(async |Path(name): Path<String>, headers: HeaderMap| file::<Files>(&name, &headers)),
        )
}

/// The OpenAPI document
///
/// Describes every call of this API, in OpenAPI 3.1.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub(crate) async fn document(Extension(ops): Extension<Ops>) -> Result<Response, Problem> {
    let made = if let Some(made) = ops.0.document.get() {
        made.clone()
    } else {
        let made = serde_json::to_vec(&crate::openapi()).map_err(|error| Problem::internal(&error))?;
        ops.0.document.get_or_init(|| Bytes::from(made)).clone()
    };
    let mut response = crate::respond::json_bytes(StatusCode::OK, made);
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE);
    Ok(response)
}

/// An embedded file, as its client can take it.
pub(super) fn file<F: RustEmbed>(name: &str, headers: &HeaderMap) -> Result<Response, Response> {
    let packed = F::get(&format!("{name}.gz"));
    let takes_gzip = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains("gzip")));
    let (body, etag, gzip) = match (packed, F::get(name)) {
        (Some(packed), _) if takes_gzip => (Body::from(packed.data.clone()), etag(&packed, "gzip"), true),
        (Some(packed), _) => (
            Body::from(unpacked(&packed).map_err(IntoResponse::into_response)?),
            etag(&packed, "plain"),
            false,
        ),
        (None, Some(plain)) => (Body::from(plain.data.clone()), etag(&plain, "plain"), false),
        (None, None) => return Err(problem::no_route().into_response()),
    };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(body) };
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, content_type(name));
    fields.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    fields.insert(header::CACHE_CONTROL, CACHE);
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        fields.insert(header::ETAG, etag);
    }
    if gzip && !known {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn unpacked(packed: &EmbeddedFile) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(&*packed.data).read_to_end(&mut bytes);
    read.map_err(|error| Problem::internal(&error))?;
    Ok(bytes)
}

fn etag(file: &EmbeddedFile, form: &str) -> String {
    use std::fmt::Write as _;
    let hash = file.metadata.sha256_hash();
    let digits = hash.iter().take(12).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    format!("\"{digits}-{form}\"")
}

fn content_type(name: &str) -> HeaderValue {
    HeaderValue::from_static(match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    })
}
