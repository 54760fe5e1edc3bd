//! Parameters of a call: a form or a query, with nested names such as `metadata[order_id]`.

use std::collections::BTreeMap;

use crate::reply::Reply;

/// Parameters by their full names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `a=1&b[c]=2`.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// A whole number; an error of Stripe's kind when it is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Reply> {
        let read = |text: &str| {
            text.parse()
                .map_err(|_| Reply::invalid("parameter_invalid_integer", &format!("`{name}` is no integer")))
        };
        self.text(name).map(read).transpose()
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Reply> {
        self.text(name).ok_or_else(|| Reply::invalid("parameter_missing", &format!("missing `{name}`")))
    }

    /// `metadata[..]`.
    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        let key = |name: &str| Some(name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned());
        self.0.iter().filter_map(|(name, value)| Some((key(name)?, value.clone()))).collect()
    }

    /// Whether `expand[]` asks for something.
    pub(crate) fn expands(&self, what: &str) -> bool {
        self.0.iter().any(|(name, value)| name.starts_with("expand[") && value == what)
    }

    /// The first name that a call does not know.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<&str> {
        let outer = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(&outer(name).as_str()))
    }
}
