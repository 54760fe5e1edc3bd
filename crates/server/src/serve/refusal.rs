//! Answers to what does not come as far as the API: each a problem, as everything that the API refuses.
//!
//! hyper answers what is no HTTP by itself, with a status and nothing else, and has no hook for it (1.x). Of HTTP/1 its
//! answer passes our socket, where it is known by its form and gets its body; the API's own answers always have more
//! headers. Of HTTP/2 it is a frame among others and stays as it is.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{HeaderValue, Request, Response, StatusCode, Version};

/// Bytes of hyper's own answers, at most: a status and three headers.
const ANSWER_BYTES_MAX: usize = 256;

/// Why something is no request.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: &'static str,
}

const HOST_REQUIRED: Refusal = Refusal {
    status: StatusCode::BAD_REQUEST,
    code: "host_required",
    detail: "a request has one Host header (RFC 9112, section 3.2)",
};
const MALFORMED: Refusal = Refusal {
    status: StatusCode::BAD_REQUEST,
    code: "malformed_request",
    detail: "this is no request of HTTP/1.1: its first line or one of its headers cannot be read",
};
const PATH_TOO_LONG: Refusal = Refusal {
    status: StatusCode::URI_TOO_LONG,
    code: "path_too_long",
    detail: "the path with its parameters is too long",
};
const HEADERS_TOO_LARGE: Refusal = Refusal {
    status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    code: "headers_too_large",
    detail: "the first line and the headers have at most 32 KiB together, and there are at most 100 headers",
};

impl Refusal {
    fn title(self) -> &'static str {
        self.status.canonical_reason().unwrap_or_default()
    }

    fn json(self) -> String {
        let Self { status, code, detail } = self;
        format!(
            r#"{{"type":"/docs/problems#{code}","title":"{}","status":{},"detail":"{detail}","code":"{code}"}}"#,
            self.title(),
            status.as_u16()
        )
    }
}

/// Whether a request says which host it is for as HTTP wants it: 1.1 once, 1.0 at most once. HTTP/2 says it elsewhere.
pub(super) fn names_its_host<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    match request.version() {
        Version::HTTP_11 => hosts == 1,
        Version::HTTP_10 => hosts <= 1,
        _ => true,
    }
}

/// The answer to a request that does not.
pub(super) fn host_required() -> Response<Body> {
    let mut response = Response::new(Body::from(HOST_REQUIRED.json()));
    *response.status_mut() = HOST_REQUIRED.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What to send in the place of an answer that is hyper's own; `None` for all others.
pub(super) fn in_place_of(answer: &[u8]) -> Option<Vec<u8>> {
    if answer.len() > ANSWER_BYTES_MAX || !answer.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let (head, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let refusal = [MALFORMED, PATH_TOO_LONG, HEADERS_TOO_LARGE];
    let refusal = refusal.into_iter().find(|refusal| refusal.status.as_str() == status)?;
    let of_hyper = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => value.trim() == "0",
            "connection" | "date" => true,
            _ => false,
        }
    };
    if !body.is_empty() || !lines.clone().all(of_hyper) {
        return None;
    }
    let date = lines.find(|line| line.to_ascii_lowercase().starts_with("date:"));
    let date = date.map(|date| format!("{date}\r\n")).unwrap_or_default();
    let json = refusal.json();
    let answer = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         connection: close\r\ncontent-length: {}\r\n{date}\r\n{json}",
        refusal.title(),
        json.len()
    );
    Some(answer.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_answers_by_itself_is_replaced() {
        let own = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: today\r\n\r\n";
        let replaced = String::from_utf8(in_place_of(own.as_bytes()).unwrap()).unwrap();
        assert!(replaced.contains("\r\ndate: today\r\n\r\n{\"type\":\"/docs/problems#malformed_request\""));
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n",
        ] {
            assert_eq!(in_place_of(other.as_bytes()), None, "{other}");
        }
    }
}
