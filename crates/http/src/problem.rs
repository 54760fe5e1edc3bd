//! Problems: the one form of every error answer, RFC 9457 with a stable `code`.
//!
//! A handler returns a [`Problem`]; its body is written by the outermost middleware, which knows the request's id. A
//! 5xx never shows its cause: the log has it.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tradepost_app::WriteError;
use tradepost_app::password::PasswordError;
use tradepost_app::throttle::Throttled;
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::with_causes;
use tradepost_port::ImageError;
use utoipa::ToSchema;

/// Media type of RFC 9457, section 6.1.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What went wrong with a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Reference that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong here and what would be right.
    pub detail: String,
    /// Stable word in snake case to decide by.
    pub code: String,
    /// Name of the parameter, header or JSONPath of the field that is the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// Id of the request in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Every finding, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Finding>,
    /// Facts that help to go on, such as `current` or `available`.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
    /// Headers that belong to the answer.
    #[serde(skip)]
    #[schema(ignore)]
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// One of several findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// JSONPath of the field.
    pub param: String,
    /// Stable word in snake case.
    pub code: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Problem {
    /// A problem with a code and its explanation.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/docs/problems#{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            param: None,
            request_id: None,
            errors: Vec::new(),
            facts: Map::new(),
            headers: Vec::new(),
        }
    }

    /// 400: what was sent cannot be read.
    pub fn malformed(code: &str, param: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail).param(param)
    }

    /// 404 for a kind of thing, in snake case.
    pub fn missing(kind: &str) -> Self {
        let detail = format!("there is no such {}", kind.replace('_', " "));
        Self::new(StatusCode::NOT_FOUND, &format!("{kind}_not_found"), detail)
    }

    /// 500; the cause goes to the log, never into the answer.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = with_causes(cause), "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something failed on our side")
    }

    /// 503 with the time after which to try again.
    pub fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::warn!(error = with_causes(cause), "dependency unavailable");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the shop is overloaded or its database is away",
        )
        .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 503 until somebody makes room, which is not a matter of seconds.
    pub fn storage_full(cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = with_causes(cause), "the disk of the database is full: free space on it");
        let detail = "the shop has no room to store anything at the moment: nothing was changed";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_full", detail)
            .header(header::RETRY_AFTER, HeaderValue::from_static("60"))
    }

    /// 422 with every finding.
    pub fn invalid(issues: Vec<Issue>) -> Self {
        let mut problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", "the request is not valid");
        if let Some(first) = issues.first() {
            problem.param = Some(first.path.clone());
            if issues.len() == 1 {
                first.code.clone_into(&mut problem.code);
                problem.kind = format!("/docs/problems#{}", problem.code);
                problem.detail = first.message.clone().into_owned();
            }
        }
        problem.errors = issues.into_iter().map(Finding::from).collect();
        problem
    }

    /// The same problem, naming the parameter that is its cause.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same problem with a fact that helps to go on.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The same problem with a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The status as a type.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Issue> for Finding {
    fn from(issue: Issue) -> Self {
        Self { param: issue.path, code: issue.code.to_owned(), detail: issue.message.into_owned() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status_code().into_response();
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(self);
        response
    }
}

impl From<tradepost_app::StoreError> for Problem {
    fn from(error: tradepost_app::StoreError) -> Self {
        match error {
            error if error.is_disk_full() => Self::storage_full(&error),
            error if error.is_unavailable() => Self::unavailable(&error),
            error => Self::internal(&error),
        }
    }
}

impl From<Throttled> for Problem {
    fn from(error: Throttled) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", error.to_string());
        problem.header(header::RETRY_AFTER, error.retry_after_seconds.into())
    }
}

impl From<ImageError> for Problem {
    fn from(error: ImageError) -> Self {
        let (status, code) = match error {
            ImageError::UnknownFormat => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            ImageError::TooLarge { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "image_too_large"),
            ImageError::Broken(_) => (StatusCode::UNPROCESSABLE_ENTITY, "image_broken"),
            ImageError::Failed(_) => return Self::internal(&error),
        };
        Self::new(status, code, error.to_string()).param("body")
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound { kind } => Self::missing(kind),
            WriteError::VersionMismatch { current } => {
                let detail =
                    format!("the resource is at version {current}: read it again and repeat the change");
                Self::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail)
                    .param("If-Match")
                    .fact("current", current)
            }
            WriteError::Invalid(issues) => Self::invalid(issues),
            WriteError::Conflict { code, detail, param, facts } => {
                let mut problem = Self::new(StatusCode::CONFLICT, code, detail);
                problem.param = param;
                facts.into_iter().fold(problem, |problem, (name, value)| problem.fact(name, value))
            }
            WriteError::Image(error) => error.into(),
            WriteError::Forbidden { code, detail } => Self::new(StatusCode::FORBIDDEN, code, detail),
            WriteError::Unauthenticated { code, detail } => Self::new(StatusCode::UNAUTHORIZED, code, detail)
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            WriteError::Throttled(throttled) => throttled.into(),
            WriteError::Password(error @ PasswordError::Busy) => Self::unavailable(&error),
            WriteError::Password(error) => Self::internal(&error),
            WriteError::ClaimLost | WriteError::KeyTaken => Self::new(
                StatusCode::CONFLICT,
                "idempotency_in_progress",
                "another request with this Idempotency-Key is running",
            )
            .header(header::RETRY_AFTER, HeaderValue::from_static("1")),
            WriteError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request: take a new key for a new request",
            )
            .param("Idempotency-Key"),
            WriteError::RatesWanted(_) => Self::unavailable(&error),
            WriteError::Store(error) => error.into(),
            WriteError::Blob(error) => Self::internal(&error),
            WriteError::Render(error) => Self::internal(&error),
        }
    }
}

/// A path that is no route.
pub(crate) fn no_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "route_not_found", "there is nothing at this path; see /docs")
}

/// Answers a path that is no route.
pub(crate) async fn not_found() -> Problem {
    no_route()
}

/// Answers a method that a route does not have.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not take this method; see /docs",
    )
}
