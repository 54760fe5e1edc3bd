//! Cells that a spreadsheet would run as formulas (GHSA-xf4v-w5x5-pv79 is one of many): written with a `'` in front,
//! which spreadsheets take as "this is text", and read without it.
//!
//! Which beginnings are dangerous: <https://owasp.org/www-community/attacks/CSV_Injection>, and the full-width forms of the
//! same signs.

use std::borrow::Cow;

fn is_dangerous(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

/// Whether the text would be a formula once all `'` in front of it are gone. Counting those, too, makes the way back
/// exact: `'=1` is written `''=1`.
fn hides_formula(text: &str) -> bool {
    text.trim_start_matches('\'').chars().next().is_some_and(is_dangerous)
}

/// The cell to write for a text. Not for columns of numbers.
pub fn escape(text: &str) -> Cow<'_, str> {
    if hides_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell that was read.
pub fn unescape(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if hides_formula(text) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_formula_is_disarmed() {
        for text in ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＠x", "'=1"] {
            let cell = escape(text);
            assert!(cell.starts_with('\''), "{text:?}");
            assert_eq!(unescape(&cell), text);
        }
        for text in ["plain", "1-2", "", "'quoted'", "it's"] {
            assert_eq!(escape(text), text);
            assert_eq!(unescape(text), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "['=+@a＝-]{0,6}\\PC{0,10}") {
            let escaped = escape(&text);
            prop_assert_eq!(unescape(&escaped), text.as_str());
        }
    }
}
