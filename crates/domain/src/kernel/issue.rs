//! What is wrong with an input: each finding names its field, so that a client can show it beside it.

use std::borrow::Cow;

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Issue {
    /// JSONPath of the field: `$.variants[0].sku`.
    #[serde(rename = "param")]
    pub path: String,
    /// Stable word in snake case.
    pub code: &'static str,
    /// What is wrong and what would be right.
    #[serde(rename = "detail")]
    pub message: Cow<'static, str>,
}

impl Issue {
    /// Puts the parts together.
    pub fn new(path: impl Into<String>, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), code, message: message.into() }
    }
}

/// Checks a text that people write: not empty, bounded, without characters that no text needs.
pub fn check_text(path: &str, text: &str, len_max: usize, required: bool) -> Option<Issue> {
    if required && text.trim().is_empty() {
        return Some(Issue::new(path, "required", "must not be empty"));
    }
    if text.chars().count() > len_max {
        return Some(Issue::new(path, "too_long", format!("at most {len_max} characters")));
    }
    let control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    text.chars()
        .any(control)
        .then(|| Issue::new(path, "invalid_character", "control characters are not allowed"))
}

/// Checks a text of one line: as [`check_text`], and without line breaks, which could forge a header of a mail.
pub fn check_line(path: &str, text: &str, len_max: usize, required: bool) -> Option<Issue> {
    check_text(path, text, len_max, required).or_else(|| {
        text.chars()
            .any(char::is_control)
            .then(|| Issue::new(path, "invalid_character", "line breaks and tabs are not allowed"))
    })
}
