//! What wraps every request: its id, its version, its measure, the writing of problems, the headers of every answer.

mod figures;
pub mod gates;
mod limits;

use std::any::Any;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::State};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use tradepost_app::throttle::noting_limits;

use self::figures::InFlight;
pub use self::figures::RequestFigures;
use crate::problem::{PROBLEM_JSON, Problem};
use crate::state::{ApiState, RequestIds};

/// Carries the request's id, from a proxy that has one or made here.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Chooses the version of the API.
pub const API_VERSION: HeaderName = HeaderName::from_static("api-version");
/// Versions that can be asked for, the newest first.
pub const API_VERSIONS: [&str; 1] = ["2026-11-01"];

/// Id of a request in the logs.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// SQL statements that a request ran, on its response.
#[derive(Debug, Clone, Copy)]
pub struct Statements(pub u32);

/// Wraps the router; what stands first here is innermost.
pub fn wrap(router: Router<ApiState>, state: &ApiState) -> Router<ApiState> {
    router
        .layer(from_fn(check_version))
        .layer(from_fn_with_state(state.clone(), gates::pass))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), finish))
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over what was caught")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something failed on our side")
        .into_response()
}

async fn check_version(request: Request, next: Next) -> Response {
    let mut asked = request.headers().get_all(API_VERSION).iter();
    if asked.all(|asked| asked.to_str().is_ok_and(|asked| API_VERSIONS.contains(&asked))) {
        return next.run(request).await;
    }
    let detail = format!("this API has the versions {}", API_VERSIONS.join(", "));
    Problem::malformed("unsupported_api_version", "API-Version", detail)
        .fact("supported", API_VERSIONS.to_vec())
        .into_response()
}

/// Outermost: names the request, measures it, writes its problem if it has one.
async fn finish(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers(), &state.request_ids);
    request.extensions_mut().insert(RequestId(id.clone()));
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = request.method().clone();
    let started = Instant::now();
    let in_flight = InFlight::begin();
    let span = tracing::info_span!("request", request.id = %id, http.method = %method, http.route = %route);
    let answered = tradepost_app::count_statements(noting_limits(next.run(request)));
    let ((mut response, allowance), statements) = answered.instrument(span.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = write_problem(response, problem, &id);
    }
    drop(in_flight);
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        tracing::debug!(http.status = status, duration_ms = elapsed.as_millis(), statements, "answered");
    });
    state.figures.record(route, (&method, status), (elapsed, statements));
    add_headers(&mut response, &id);
    if let Some(allowance) = allowance {
        limits::tell(response.headers_mut(), &allowance);
    }
    response.extensions_mut().insert(Statements(statements));
    if let Some(matched) = matched {
        response.extensions_mut().insert(matched);
    }
    response
}

/// The id that the request brings, if it is a sound one, else a new one.
pub(crate) fn request_id(headers: &HeaderMap, ids: &RequestIds) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let sound = |text: &&str| {
        (8..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    given.filter(sound).map_or_else(|| ids.next(), str::to_owned)
}

fn write_problem(response: Response, mut problem: Problem, id: &str) -> Response {
    problem.request_id = Some(id.to_owned());
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::from_parts(parts, Body::from(body))
}

pub(crate) fn add_headers(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}
