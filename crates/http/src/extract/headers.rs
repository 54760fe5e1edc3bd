//! Headers that decide about a write: `If-Match` and `Idempotency-Key`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::list::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;

/// What an `If-Match` header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version will do.
    Any,
    /// This version and no other.
    Version(i64),
}

impl IfMatch {
    /// The version to compare with; `None` for any.
    pub fn version(self) -> Option<i64> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }
}

/// No resource has it: what a tag asks for that is none of ours, which is no fault of the header but never matches.
const NO_VERSION: i64 = -1;

/// Reads `"v17"` or `*`. A weak tag and one that another server wrote are tags, too, and match nothing
/// (RFC 9110, 13.1.1).
fn read_if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(Some(IfMatch::Any));
    }
    let quoted = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"');
    let tag = quoted.and_then(|rest| rest.strip_suffix('"')).filter(|tag| !tag.contains('"'));
    let number = tag.and_then(|tag| tag.strip_prefix('v')).filter(|_| text.starts_with('"'));
    let digits = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    match tag {
        Some(_) => {
            let version = digits.and_then(|digits| digits.parse().ok()).unwrap_or(NO_VERSION);
            Ok(Some(IfMatch::Version(version)))
        }
        None => Err(Problem::malformed(
            "invalid_if_match",
            "If-Match",
            "expected the ETag of the resource, such as \"v17\", or *",
        )),
    }
}

/// `If-Match` where it is required: absent is 428.
impl FromRequestParts<ApiState> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        read_if_match(&parts.headers)?.ok_or_else(|| {
            let detail = "send the ETag of the version you have read in If-Match";
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", detail).param("If-Match")
        })
    }
}

/// `If-Match` where it may be absent: any version will do then.
impl OptionalFromRequestParts<ApiState> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Option<Self>, Problem> {
        read_if_match(&parts.headers)
    }
}

/// The request line and the idempotency key of a write that takes no parameters.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    /// Method and path.
    pub operation: String,
    /// `Idempotency-Key`, if sent.
    pub key: Option<String>,
}

impl FromRequestParts<ApiState> for WriteRequest {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        ListParams::parse(parts.uri.query().unwrap_or_default())?.finish()?;
        let operation = format!("{} {}", parts.method, parts.uri.path());
        Ok(Self { operation, key: idempotency_key(parts)? })
    }
}

impl WriteRequest {
    /// Of a write that has parameters: they belong to what it does.
    pub fn with_params(parts: &Parts) -> Result<Self, Problem> {
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        Ok(Self { operation: format!("{} {target}", parts.method), key: idempotency_key(parts)? })
    }
}

fn idempotency_key(parts: &Parts) -> Result<Option<String>, Problem> {
    let Some(value) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let visible = text.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    if text.is_empty() || text.len() > 255 || !visible {
        let detail = "an Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID";
        return Err(Problem::malformed("invalid_idempotency_key", "Idempotency-Key", detail));
    }
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn if_match_takes_our_etags_and_the_star_and_other_tags_match_nothing() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, HeaderValue::from_static(text));
            read_if_match(&headers).map_err(|problem| problem.code)
        };
        assert_eq!(read("\"v17\""), Ok(Some(IfMatch::Version(17))));
        assert_eq!(read("*"), Ok(Some(IfMatch::Any)));
        for text in ["v17", "17", "", "\"v1\", \"v2\"", "\"v1", "W/v1"] {
            assert_eq!(read(text), Err("invalid_if_match".to_owned()), "{text}");
        }
        for text in ["W/\"v17\"", "\"17\"", "\"v\"", "\"v99999999999999999999\"", "\"v+1\"", "\"\""] {
            assert_eq!(read(text), Ok(Some(IfMatch::Version(NO_VERSION))), "{text}");
        }
        assert_eq!(read_if_match(&HeaderMap::new()), Ok(None));
    }
}
