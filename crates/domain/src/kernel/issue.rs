//! What is wrong with an input: each finding names its field, so that a client can show it beside it.

use std::borrow::Cow;
use std::fmt::Display;

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

/// Checks a text that people write: not empty, bounded, without characters that no text needs. The path is put together
/// only when something is wrong: `format_args!` for one that is made of parts.
pub fn check_text(
    path: &(impl Display + ?Sized),
    text: &str,
    len_max: usize,
    required: bool,
) -> Option<Issue> {
    if required && text.trim().is_empty() {
        return Some(Issue::new(path.to_string(), "required", "must not be empty"));
    }
    // No text has more characters than bytes.
    if text.len() > len_max && text.chars().count() > len_max {
        return Some(Issue::new(path.to_string(), "too_long", format!("at most {len_max} characters")));
    }
    has_control(text)
        .then(|| Issue::new(path.to_string(), "invalid_character", "control characters are not allowed"))
}

/// Whether a text has control characters besides line breaks and tabs.
pub fn has_control(text: &str) -> bool {
    // Those of more than one byte, U+0080 to U+009F, begin with 0xC2, and so do some that are none.
    let may_be =
        |byte: u8| byte < b' ' && !matches!(byte, b'\n' | b'\r' | b'\t') || matches!(byte, 0x7F | 0xC2);
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    text.bytes().any(may_be) && text.chars().any(is_control)
}

/// Checks a text of one line: as [`check_text`], and without line breaks, which could forge a header of a mail.
pub fn check_line(path: &str, text: &str, len_max: usize, required: bool) -> Option<Issue> {
    check_text(path, text, len_max, required).or_else(|| {
        text.chars()
            .any(char::is_control)
            .then(|| Issue::new(path, "invalid_character", "line breaks and tabs are not allowed"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_found_and_nothing_else() {
        for letter in (0..0x300).filter_map(char::from_u32) {
            let expected = letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
            assert_eq!(has_control(&format!("a{letter}b")), expected, "{letter:?}");
        }
    }

    #[test]
    fn a_length_counts_characters() {
        let codes = |text| check_text("$.title", text, 3, true).map(|issue| (issue.path, issue.code));
        assert_eq!(codes("\u{1F45F}\u{1F45F}\u{1F45F}"), None);
        assert_eq!(codes("abcd"), Some(("$.title".to_owned(), "too_long")));
        assert_eq!(codes("\u{1F45F}\u{1F45F}\u{1F45F}\u{1F45F}"), Some(("$.title".to_owned(), "too_long")));
    }
}
