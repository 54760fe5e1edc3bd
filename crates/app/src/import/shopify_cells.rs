//! Cells of other shops' files: their numbers in the form that the rest of an import reads, and their size.

use csv::ByteRecord;

use super::source::RECORD_BYTES_MAX;

/// What is kept of a cell of a row that is refused for its length.
const BEGINNING_BYTES: usize = 1_024;

/// A quantity; what is below zero was sold without being there, and nothing of it lies on hand.
pub(super) fn none_below_zero(text: &str) -> String {
    let owed = text.strip_prefix('-').filter(|units| !units.is_empty());
    let owed = owed.is_some_and(|units| units.bytes().all(|digit| digit.is_ascii_digit()));
    if owed { "0".to_owned() } else { text.to_owned() }
}

/// A number with a decimal comma (`1.234,56`), with a point instead; every other text as it is, so that what is no such
/// number is refused as it was written.
pub(super) fn with_point(text: &str) -> String {
    plain(text).unwrap_or_else(|| text.to_owned())
}

fn plain(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once(',')?;
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // Thousands are told apart by points, or by blanks of any width.
    let groups: Vec<&str> = whole.split(['.', ' ', '\u{a0}', '\u{202f}']).collect();
    let sound = match groups.as_slice() {
        [only] => all_digits(only),
        [first, rest @ ..] => {
            (1..=3).contains(&first.len())
                && all_digits(first)
                && rest.iter().all(|group| group.len() == 3 && all_digits(group))
        }
        [] => false,
    };
    (sound && !fraction.is_empty() && all_digits(fraction))
        .then(|| format!("{sign}{}.{fraction}", groups.concat()))
}

/// The cells of a row that is refused, each as far as it tells one product from another.
pub(super) fn beginnings(cells: &ByteRecord) -> ByteRecord {
    cells.iter().map(|cell| cell.get(..BEGINNING_BYTES).unwrap_or(cell)).collect()
}

/// Whether rows of a product are more together than it may have.
pub(super) fn is_too_large(bytes: usize) -> bool {
    u64::try_from(bytes).unwrap_or(u64::MAX) > RECORD_BYTES_MAX
}

/// Line ends in a cell: LF, CR LF or CR alone.
pub(super) fn line_ends(cell: &[u8]) -> u64 {
    let mut count = 0_u64;
    let mut after_cr = false;
    for byte in cell {
        if *byte == b'\r' || *byte == b'\n' && !after_cr {
            count = count.saturating_add(1);
        }
        after_cr = *byte == b'\r';
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comma_becomes_a_point_and_all_else_stays() {
        for (text, expected) in [
            ("1,50", "1.50"),
            ("1.234,56", "1234.56"),
            ("12.345.678,9", "12345678.9"),
            ("1\u{a0}234,56", "1234.56"),
            ("-1,50", "-1.50"),
            ("1.50", "1.50"),
            ("150", "150"),
            ("1,234.56", "1,234.56"),
            ("1.23,4", "1.23,4"),
            ("1,2,3", "1,2,3"),
            ("1,", "1,"),
            ("", ""),
        ] {
            assert_eq!(with_point(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_owed_does_not_lie_on_hand() {
        for (text, expected) in [("-3", "0"), ("3", "3"), ("-", "-"), ("-3.5", "-3.5"), ("", "")] {
            assert_eq!(none_below_zero(text), expected, "{text}");
        }
    }
}
