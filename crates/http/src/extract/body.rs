//! JSON bodies: read within limits, checked strictly, refused with the JSONPath of what does not fit.

use std::error::Error;
use std::iter::successors;

use axum::body::Body as RawBody;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tradepost_app::idempotency::body_hash;
use tradepost_app::pricing::rule::{PatchOf, RuleFields};
use tradepost_domain::kernel::amounts::AmountsError;
use tradepost_domain::kernel::limits::BODY_BYTES_MAX;
use tradepost_domain::promotion::condition::ConditionError;
use tradepost_domain::promotion::effect::EffectError;
use tradepost_domain::promotion::items::ItemsError;
use tradepost_domain::shipping::TableError;

use super::strict_json;
use crate::problem::Problem;
use crate::state::ApiState;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of its bytes, by which a repeated request is told from another.
    pub hash: Vec<u8>,
}

impl<T: DeserializeOwned> FromRequest<ApiState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, Problem> {
        require_json(request.headers())?;
        parse_object(&read(request.into_body(), BODY_BYTES_MAX).await?)
    }
}

/// A body that need not be there: an empty one is none, whatever its type, and so is null.
impl<T: DeserializeOwned> OptionalFromRequest<ApiState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Option<Self>, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, BODY_BYTES_MAX).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        require_json(&parts.headers)?;
        let Body { value, hash } = parse_object::<Option<T>>(&bytes)?;
        Ok(value.map(|value| Self { value, hash }))
    }
}

/// Every body is an object. serde would read a list as the fields of one in their order, which nobody has promised.
fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<Body<T>, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        strict_json::check(bytes).map_err(|problem| *problem)?;
        return Err(list_for_object("$"));
    }
    parse(bytes)
}

fn list_for_object(at: &str) -> Problem {
    Problem::malformed("invalid_type", at, "expected an object, not a list")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Body<T>, Problem> {
    strict_json::check(bytes).map_err(|problem| *problem)?;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer);
    let value = value.or_else(|error: serde_path_to_error::Error<serde_json::Error>| {
        let problem = misfit(&error);
        if !problem.detail.contains("floating point") {
            return Err(problem);
        }
        // JSON has one kind of number: 217.0 is a whole one, whoever wrote it.
        let mut json: Value = serde_json::from_slice(bytes).map_err(|_| problem)?;
        write_whole_numbers(&mut json);
        serde_path_to_error::deserialize(json).map_err(|error| misfit(&error))
    })?;
    Ok(Body { value, hash: body_hash(bytes) })
}

/// Writes numbers without a fraction as integers.
fn write_whole_numbers(json: &mut Value) {
    match json {
        Value::Number(number) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").and_then(|whole| whole.parse::<i64>().ok());
            if let Some(whole) = whole {
                *number = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(write_whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Reads an object in a body that was taken as it came; `at` is its JSONPath.
pub fn read_part<T: DeserializeOwned>(mut part: Value, at: &str) -> Result<T, Problem> {
    if part.is_array() {
        return Err(list_for_object(at));
    }
    write_whole_numbers(&mut part);
    serde_path_to_error::deserialize(part).map_err(|error| {
        let mut problem = misfit(&error);
        let inner = problem.param.take().unwrap_or_default();
        problem.param(format!("{at}{}", inner.trim_start_matches('$')))
    })
}

/// The fields of an object, as they came.
pub type Fields = serde_json::Map<String, Value>;

/// Reads what to change of a price rule: every field is checked as if the rule were made with it.
pub fn read_patch<F: RuleFields>(fields: Fields) -> Result<PatchOf<F>, Problem> {
    PatchOf::check(fields, |whole| read_part(whole, "$"))
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |header, detail| {
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail).param(header))
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut content_type = text(header::CONTENT_TYPE).split(';').map(str::trim);
    if !content_type.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return refuse("Content-Type", "send the body as application/json");
    }
    // JSON is UTF-8 (RFC 8259, 8.1): read as such, a text in another would be another text.
    let charsets = content_type.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"'))
    });
    if !charsets.into_iter().all(|charset| charset.eq_ignore_ascii_case("utf-8")) {
        return refuse("Content-Type", "JSON is sent as UTF-8");
    }
    match text(header::CONTENT_ENCODING) {
        encoding if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") => Ok(()),
        _ => refuse("Content-Encoding", "send the body without compression"),
    }
}

/// Reads a body of at most `limit` bytes.
pub async fn read(body: RawBody, limit: usize) -> Result<bytes::Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("a body has at most {limit} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail).param("$"))
        }
        Err(error) => Err(broken_off(&*error)),
    }
}

/// The problem of a body that did not come to its end.
pub fn broken_off(error: &(dyn Error + 'static)) -> Problem {
    let mut causes = successors(Some(error), |error| (*error).source());
    let is_late = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    if causes.any(|cause| cause.downcast_ref().is_some_and(is_late)) {
        let detail = "the body did not come in time: send it again, without pauses";
        return Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail).param("$");
    }
    Problem::malformed("incomplete_body", "$", "the body ended before it was complete")
}

/// The problem of a body that is JSON but not what the endpoint takes.
fn misfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let text = error.inner().to_string();
    // serde_json adds where the text was, which the JSONPath says better.
    let detail = in_words_of_json(text.split(" at line ").next().unwrap_or_default());
    let code = [
        ("unknown field", "unknown_field"),
        ("missing field", "missing_field"),
        ("invalid type", "invalid_type"),
        ("unknown variant", "invalid_value"),
    ]
    .into_iter()
    .find(|(start, _)| detail.starts_with(start))
    .map_or("invalid_value", |(_, code)| code);
    let path = match error.path().to_string().as_str() {
        "." => "$".to_owned(),
        path if path.starts_with('[') => format!("${path}"),
        path => format!("$.{path}"),
    };
    // serde names the object that lacks the field, not the field.
    let named = detail.split('`').nth(1).filter(|_| code == "missing_field");
    let path = named.map_or(path.clone(), |field| format!("{path}.{field}"));
    if is_rule_of_several(&detail) {
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).param(path);
    }
    Problem::malformed(code, &path, detail)
}

/// What serde expected, in the words of JSON instead of those of Rust.
fn in_words_of_json(text: &str) -> String {
    let Some((found, expected)) = text.rsplit_once(", expected ") else { return text.to_owned() };
    let whole = ["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"];
    let expected = match expected {
        kind if whole.contains(&kind) => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        kind if kind.starts_with("struct ") => "an object",
        kind => kind,
    };
    let found = found.replace("invalid type: sequence", "invalid type: list");
    format!("{}, expected {expected}", found.replace("invalid type: map", "invalid type: object"))
}

/// Whether each value could be read, and what they are together is against a rule: no schema can say that a currency is
/// there once, so that is no malformed body (400) but an invalid one (422).
fn is_rule_of_several(detail: &str) -> bool {
    [
        AmountsError.to_string(),
        TableError.to_string(),
        ItemsError.to_string(),
        EffectError::ItemsOfShipping.to_string(),
        ConditionError::TooDeep.to_string(),
        ConditionError::TooLarge.to_string(),
    ]
    .iter()
    .any(|rule| rule == detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use tradepost_domain::kernel::Amounts;

    #[test]
    fn a_whole_number_may_be_written_with_a_point_and_another_may_not() {
        let read = |body: &str| {
            parse::<Vec<u16>>(body.as_bytes()).map(|body| body.value).map_err(|problem| problem.code)
        };
        assert_eq!(read("[1, 217.0, 2e2]"), Ok(vec![1, 217, 200]));
        let large = parse::<Vec<i64>>(b"[3681862429315214.0]").map(|body| body.value).ok();
        assert_eq!(large, Some(vec![3_681_862_429_315_214]));
        assert_eq!(read("[217.5]"), Err("invalid_type".to_owned()));
        assert_eq!(read("[70000.0]"), Err("invalid_value".to_owned()));
    }

    #[test]
    fn what_does_not_fit_is_told_in_words_of_json() {
        #[derive(Debug, serde::Deserialize)]
        struct Outer {
            #[expect(dead_code, reason = "read, never used")]
            inner: Inner,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Inner {
            #[expect(dead_code, reason = "read, never used")]
            count: u8,
        }
        let told =
            |body: &str| parse::<Outer>(body.as_bytes()).map_err(|problem| problem.detail).unwrap_err();
        assert_eq!(told(r#"{"inner": 7}"#), "invalid type: integer `7`, expected an object");
        assert_eq!(told(r#"{"inner": {"count": {}}}"#), "invalid type: object, expected a whole number");
        assert_eq!(
            told(r#"{"inner": {"count": 300}}"#),
            "invalid value: integer `300`, expected a whole number"
        );
    }

    #[test]
    fn json_is_plain_utf_8_whatever_else_its_headers_promise() {
        let read = |content_type: &'static str, encoding: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.extend(encoding.map(|it| (header::CONTENT_ENCODING, HeaderValue::from_static(it))));
            require_json(&headers).map_err(|problem| (problem.status, problem.param.unwrap_or_default()))
        };
        for plain in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert_eq!(read(plain, None), Ok(()), "{plain}");
        }
        assert_eq!(read("application/json", Some("identity")), Ok(()));
        let refused = |param: &str| Err((415, param.to_owned()));
        assert_eq!(read("text/plain", None), refused("Content-Type"));
        assert_eq!(read("application/json; charset=iso-8859-1", None), refused("Content-Type"));
        assert_eq!(read("application/json", Some("gzip")), refused("Content-Encoding"));
    }

    #[test]
    fn a_list_is_not_read_as_the_fields_of_an_object() {
        #[derive(Debug, Default, serde::Deserialize)]
        struct Fields {
            #[serde(default)]
            first: u16,
        }
        let read = |body: &str| {
            parse_object::<Fields>(body.as_bytes())
                .map(|body| body.value.first)
                .map_err(|problem| problem.code)
        };
        assert_eq!(read(r#" {"first": 7}"#), Ok(7));
        assert_eq!(read(" [7]"), Err("invalid_type".to_owned()));
        assert_eq!(read("[]"), Err("invalid_type".to_owned()));
    }

    #[test]
    fn what_several_values_are_together_is_invalid_and_what_one_is_alone_is_malformed() {
        let status = |body: &str| parse::<Amounts>(body.as_bytes()).map_err(|problem| problem.status).err();
        assert_eq!(status(r#"[{"amount": 1, "currency": "EUR"}]"#), None);
        assert_eq!(
            status(r#"[{"amount": 1, "currency": "EUR"}, {"amount": 2, "currency": "EUR"}]"#),
            Some(422)
        );
        assert_eq!(status(r#"[{"amount": 1, "currency": "EURO"}]"#), Some(400));
    }
}
