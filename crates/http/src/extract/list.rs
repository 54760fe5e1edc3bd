//! Parameters of a list: `limit`, `cursor` and the endpoint's own, each known by name and given once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::collections::BTreeMap;
use tradepost_domain::kernel::limits::{PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};

use crate::problem::Problem;
use crate::state::ApiState;

/// The query string, decoded; every parameter is to be taken by name, and what is left over is refused.
#[derive(Debug, Clone, Default)]
pub struct ListParams {
    params: BTreeMap<String, String>,
}

impl ListParams {
    /// Reads a query string: percent-encoding, each name once.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut params = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if params.contains_key(&name) {
                return Err(Problem::malformed("duplicate_parameter", &name, "the parameter is there twice"));
            }
            params.insert(name, value);
        }
        Ok(Self { params })
    }

    /// Those of a body.
    pub fn of(params: BTreeMap<String, String>) -> Self {
        Self { params }
    }

    /// Takes a parameter.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.params.remove(name)
    }

    /// Takes every parameter whose name begins so, in the order of the names.
    pub fn take_prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let names: Vec<String> =
            self.params.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        names.into_iter().filter_map(|name| self.params.remove_entry(&name)).collect()
    }

    /// Takes a parameter that has to be read.
    pub fn take_parsed<T: std::str::FromStr>(
        &mut self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let refuse = |_| Problem::malformed("invalid_parameter", name, format!("expected {expected}"));
        text.parse().map(Some).map_err(refuse)
    }

    /// Takes `limit`: 1 to 100, 20 when absent.
    pub fn take_limit(&mut self) -> Result<u32, Problem> {
        let expected = format!("a whole number from 1 to {PAGE_LIMIT_MAX}");
        let limit = self.take_parsed::<u32>("limit", &expected)?.unwrap_or(PAGE_LIMIT_DEFAULT);
        if (1..=PAGE_LIMIT_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::malformed("invalid_parameter", "limit", format!("expected {expected}")))
        }
    }

    /// Refuses what nobody has taken.
    pub fn finish(self) -> Result<(), Problem> {
        match self.params.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::malformed(
                "unknown_parameter",
                &name,
                "this endpoint has no such parameter; see /docs",
            )),
        }
    }
}

/// Decodes `%41` and `+`.
fn decode(text: &str) -> Result<String, Problem> {
    let refuse = |detail: &str| Problem::malformed("invalid_encoding", "query", detail);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let value = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                value.ok_or_else(|| refuse("a % is followed by two hexadecimal digits"))?
            }
            other => other,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| refuse("the query is not valid UTF-8"))?;
    if text.contains('\0') { Err(refuse("the character U+0000 is not allowed")) } else { Ok(text) }
}

impl FromRequestParts<ApiState> for ListParams {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// No parameters: every one that is there is refused.
#[derive(Debug, Clone, Copy)]
pub struct NoParams;

impl FromRequestParts<ApiState> for NoParams {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        ListParams::parse(parts.uri.query().unwrap_or_default())?.finish()?;
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once_and_leftovers_are_refused() {
        let mut params = ListParams::parse("q=red+shoe%21&limit=5&x=").unwrap();
        assert_eq!(params.take("q").as_deref(), Some("red shoe!"));
        assert_eq!(params.take_limit().unwrap(), 5);
        assert_eq!(params.finish().unwrap_err().param.as_deref(), Some("x"));
    }

    #[test]
    fn broken_queries_are_refused_by_code() {
        let code = |query: &str| {
            ListParams::parse(query).and_then(|mut params| params.take_limit()).unwrap_err().code
        };
        assert_eq!(code("a=1&a=2"), "duplicate_parameter");
        assert_eq!(code("a=%4"), "invalid_encoding");
        assert_eq!(code("a=%ff"), "invalid_encoding");
        assert_eq!(code("a=%00"), "invalid_encoding");
        for limit in ["0", "101", "-1", "x", "", "1.5", "99999999999"] {
            assert_eq!(code(&format!("limit={limit}")), "invalid_parameter", "{limit}");
        }
    }
}
