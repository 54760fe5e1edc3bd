//! What browsers need to be told beyond the API itself: which other origins may call it, and that it is reached by HTTPS alone.
//!
//! Wrapped around everything, kept answers too, and only where it is asked for: a shop that is called by servers pays nothing
//! for it.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::map_response;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);
/// A year, as HTTP Strict Transport Security (RFC 6797) is usually set.
const HTTPS_FOR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Headers that scripts of a storefront send.
const SENT: [HeaderName; 13] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("api-version"),
    HeaderName::from_static("cart-token"),
    HeaderName::from_static("client-id"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("order-token"),
    HeaderName::from_static("publishable-key"),
    HeaderName::from_static("x-request-id"),
];
/// Headers of answers that scripts may read.
const READ: [HeaderName; 8] = [
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("api-version"),
    HeaderName::from_static("idempotent-replayed"),
    HeaderName::from_static("x-request-id"),
];

/// Which origins beside the API's own may call it from a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// None.
    #[default]
    None,
    /// These alone, compared letter by letter; `null` is never one.
    These(Vec<HeaderValue>),
    /// Any: what is public is anybody's, and everything else needs a token that a page must have been given.
    Any,
}

impl Origins {
    /// Of texts: `*` alone, or origins as browsers write them (RFC 6454, section 6.2): scheme, host and a port that is not the
    /// scheme's own, with no path. What is none is named in the error.
    pub fn read(texts: &[String]) -> Result<Self, String> {
        match texts {
            [] => Ok(Self::None),
            [any] if any == "*" => Ok(Self::Any),
            texts => texts.iter().map(|text| origin(text)).collect::<Result<_, _>>().map(Self::These),
        }
    }
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let refused = || format!("`{text}` is no origin; write https://shop.example.com, or \"*\" alone for any");
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(refused)?;
    let is_host = text.parse::<http::Uri>().is_ok_and(|uri| uri.authority().is_some_and(|host| host == rest));
    let is_plain = !rest.contains('@') && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if !is_host || !is_plain {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_| refused())
}

/// Wraps a router for browsers.
pub fn for_browsers(router: Router, origins: &Origins, https_only: bool) -> Router {
    let allowed = match origins {
        Origins::None => None,
        Origins::These(origins) => Some(AllowOrigin::list(origins.iter().cloned())),
        Origins::Any => Some(AllowOrigin::any()),
    };
    let router = match allowed {
        None => router,
        // No credentials: tokens are sent as headers, and cookies mean nothing here.
        Some(allowed) => router.layer(
            CorsLayer::new()
                .allow_origin(allowed)
                .allow_methods([
                    Method::GET,
                    Method::HEAD,
                    Method::POST,
                    Method::PUT,
                    Method::PATCH,
                    Method::DELETE,
                ])
                .allow_headers(SENT)
                .expose_headers(READ)
                .max_age(PREFLIGHT_AGE),
        ),
    };
    if https_only { router.layer(map_response(demand_https)) } else { router }
}

async fn demand_https(mut response: Response) -> Response {
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_FOR);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        let read =
            |texts: &[&str]| Origins::read(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&[]), Ok(Origins::None));
        assert_eq!(read(&["*"]), Ok(Origins::Any));
        let two = ["https://shop.example.com", "http://localhost:3000"];
        assert_eq!(read(&two), Ok(Origins::These(two.map(HeaderValue::from_static).to_vec())));
        for wrong in [
            "*.example.com",
            "shop.example.com",
            "https://shop.example.com/",
            "https://Shop.example.com",
            "https://u@shop.example.com",
            "https://",
            "null",
            "",
        ] {
            assert!(read(&[wrong]).unwrap_err().starts_with(&format!("`{wrong}` is no origin")));
        }
        assert!(read(&["*", "https://a.example"]).is_err());
    }
}
