//! Headers that decide about a write: `If-Match` and `Idempotency-Key`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use tradepost_app::change::{VERSIONS_MAX, Versions};

use super::list::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;

/// What an `If-Match` header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version will do.
    Any,
    /// One of these versions and no other.
    OneOf(Versions),
}

impl IfMatch {
    /// The versions to compare with; `None` for any.
    pub fn version(self) -> Option<Versions> {
        match self {
            Self::Any => None,
            Self::OneOf(versions) => Some(versions),
        }
    }
}

/// Reads `"v17"`, a list of such, or `*`. A weak tag and one that another server wrote are tags, too, and match nothing
/// (RFC 9110, 13.1.1). A header that is sent more than once is one list (5.3).
fn read_if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, Problem> {
    let fields = headers.get_all(header::IF_MATCH).iter();
    let fields: Vec<&str> = fields.map(|value| value.to_str().unwrap_or("?")).collect();
    if fields.is_empty() {
        return Ok(None);
    }
    let text = fields.join(",");
    if text.trim() == "*" {
        return Ok(Some(IfMatch::Any));
    }
    let refuse = |detail| Problem::malformed("invalid_if_match", "If-Match", detail);
    let expected =
        "expected the ETag of the resource, such as \"v17\", several with commas between them, or *";
    let versions = read_tags(&text).ok_or_else(|| refuse(expected.to_owned()))?;
    let too_many = || refuse(format!("at most {VERSIONS_MAX} tags"));
    Versions::new(&versions).map(IfMatch::OneOf).ok_or_else(too_many).map(Some)
}

/// The versions among the tags of a list, which has at least one tag.
fn read_tags(text: &str) -> Option<Vec<i64>> {
    const BETWEEN: [char; 3] = [',', ' ', '\t'];
    let mut rest = text.trim_matches(BETWEEN);
    let mut versions = Vec::new();
    let mut is_first = true;
    while is_first || !rest.is_empty() {
        is_first = false;
        let weak = rest.strip_prefix("W/");
        let (tag, behind) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        let digits = tag.strip_prefix('v').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        versions.extend(digits.filter(|_| weak.is_none()).and_then(|digits| digits.parse::<i64>().ok()));
        let behind = behind.trim_start_matches([' ', '\t']);
        if !behind.is_empty() && !behind.starts_with(',') {
            return None;
        }
        rest = behind.trim_start_matches(BETWEEN);
    }
    Some(versions)
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
        let read = |fields: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::IF_MATCH, HeaderValue::from_static(field));
            }
            read_if_match(&headers).map_err(|problem| problem.code)
        };
        let versions = |versions: &[i64]| Ok(Versions::new(versions).map(IfMatch::OneOf));
        assert_eq!(read(&["*"]), Ok(Some(IfMatch::Any)));
        let cases: [(&[&str], &[i64]); 4] = [
            (&["\"v17\""], &[17]),
            (&["\"v1\", \"v2\""], &[1, 2]),
            (&[",\"v1\" ,,\t\"a,b\",W/\"v3\", \"v2\" ,"], &[1, 2]),
            (&["\"v1\"", "\"v2\""], &[1, 2]),
        ];
        for (fields, expected) in cases {
            assert_eq!(read(fields), versions(expected), "{fields:?}");
        }
        for text in
            ["v17", "17", "", ",", "\"v1\", *", "\"v1\" \"v2\"", "\"v1", "\"v1\", v2", "W/v1", "\"v1\"x"]
        {
            assert_eq!(read(&[text]), Err("invalid_if_match".to_owned()), "{text}");
        }
        assert_eq!(read(&["\"v1\""; 16]), versions(&[1; 16]));
        assert_eq!(read(&["\"v1\""; 17]), Err("invalid_if_match".to_owned()));
        for text in ["W/\"v17\"", "\"17\"", "\"v\"", "\"v99999999999999999999\"", "\"v+1\"", "\"\""] {
            assert_eq!(read(&[text]), versions(&[]), "{text}");
        }
        assert_eq!(read_if_match(&HeaderMap::new()), Ok(None));
    }
}
