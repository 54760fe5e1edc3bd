//! Health: `live` says that the process can answer, `ready` that it should be sent requests.

use std::time::{Duration, Instant};

use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tradepost_app::system::{Check, check_readiness};
use utoipa::ToSchema;

use super::Ops;
use crate::problem::Problem;
use crate::state::ApiState;

/// How long an answer of `ready` holds: however often it is asked, the database is asked once in this time.
const HOLDS_FOR: Duration = Duration::from_secs(1);
/// Longer than a pool waits for a connection.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was found, and when.
#[derive(Debug, Clone)]
pub(super) struct Readiness {
    checks: Vec<Check>,
    at: Instant,
}

/// The process can answer.
#[derive(Debug, Serialize, ToSchema)]
struct LiveView {
    /// Always `live`.
    status: &'static str,
    /// Version of the program.
    version: &'static str,
}

/// The shop can take requests.
#[derive(Debug, Serialize, ToSchema)]
struct ReadyView {
    /// Always `ready`.
    status: &'static str,
    /// Everything that was looked at.
    checks: Vec<CheckView>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    /// What.
    name: &'static str,
    /// `ok` or `failed`.
    status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<Check> for CheckView {
    fn from(check: Check) -> Self {
        let status = if check.failure.is_none() { "ok" } else { "failed" };
        Self { name: check.name, status, detail: check.failure }
    }
}

/// Is the process alive
///
/// Answers as long as the process can answer at all; asks nothing else.
#[utoipa::path(get, path = "/health/live", operation_id = "health_live", tag = "operations",
    responses((status = 200, description = "The process is alive", body = LiveView)))]
pub(crate) async fn live() -> Response {
    uncached(axum::Json(LiveView { status: "live", version: env!("CARGO_PKG_VERSION") }))
}

/// Should the process be sent requests
///
/// Looks at the database and its schema, at most once a second. While the process shuts down it is not ready.
#[utoipa::path(get, path = "/health/ready", operation_id = "health_ready", tag = "operations",
    responses(
        (status = 200, description = "The shop takes requests", body = ReadyView),
        (status = 503, description = "Something that the shop needs is away", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn ready(
    State(state): State<ApiState>,
    Extension(ops): Extension<Ops>,
) -> Result<Response, Problem> {
    if ops.is_draining() {
        let failure = Some("the process is shutting down".to_owned());
        return Err(not_ready("shutting_down", vec![Check { name: "process", failure }]));
    }
    let checks = checks(&state, &ops).await;
    if checks.iter().any(|check| check.failure.is_some()) {
        return Err(not_ready("not_ready", checks));
    }
    let checks = checks.into_iter().map(CheckView::from).collect();
    Ok(uncached(axum::Json(ReadyView { status: "ready", checks })))
}

/// The checks of the last second, or new ones; several who ask at once wait for the same.
async fn checks(state: &ApiState, ops: &Ops) -> Vec<Check> {
    let mut kept = ops.0.readiness.lock().await;
    if let Some(readiness) = kept.as_ref().filter(|readiness| readiness.at.elapsed() < HOLDS_FOR) {
        return readiness.checks.clone();
    }
    let asked = tokio::time::timeout(PATIENCE, check_readiness(&state.shop)).await;
    let checks = asked.unwrap_or_else(|_| {
        vec![Check { name: "database", failure: Some("the database does not answer in time".to_owned()) }]
    });
    *kept = Some(Readiness { checks: checks.clone(), at: Instant::now() });
    checks
}

fn not_ready(code: &str, checks: Vec<Check>) -> Problem {
    let failed: Vec<String> = checks
        .iter()
        .filter_map(|check| Some(format!("{}: {}", check.name, check.failure.as_ref()?)))
        .collect();
    let checks: Vec<CheckView> = checks.into_iter().map(CheckView::from).collect();
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, failed.join("; "))
        .fact("checks", serde_json::to_value(checks).unwrap_or_default())
        .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

fn uncached(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
