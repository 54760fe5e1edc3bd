//! A query as tokens: words, numbers with or without a currency, and the few signs that mean something.

use crate::text;

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As it was written, folded; "&" is "and".
    pub text: String,
    /// The number that it is.
    pub number: Option<Number>,
    /// Whether a minus stands before it.
    pub negated: bool,
}

/// A number, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// Its digits, without separators.
    pub digits: i64,
    /// How many of them come after the point.
    pub decimals: u32,
    /// Whether a sign of a currency is written beside it.
    pub currency: bool,
}

impl Token {
    /// Whether it is a sign and no word.
    pub fn is_sign(&self) -> bool {
        !self.text.chars().any(char::is_alphanumeric)
    }
}

/// Tokens of a query at most; what follows is not looked at.
const TOKENS_MAX: usize = 24;

const CURRENCY_SIGNS: [char; 5] = ['$', '€', '£', '¥', '₹'];

/// Cuts a query into tokens.
pub fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for piece in query.split_whitespace() {
        // Signs first: folding would spell the euro out.
        let negated = piece.len() > 1 && piece.starts_with('-') && !piece.starts_with("--");
        let piece = if negated { piece.trim_start_matches('-') } else { piece };
        let piece = piece.trim_matches([',', ';', ':', '!', '?', '"', '(', ')']);
        match piece {
            "" => {}
            "&" | "+" => tokens.push(word("and", negated)),
            _ => read(piece, negated, &mut tokens),
        }
    }
    tokens.truncate(TOKENS_MAX);
    tokens
}

fn word(text: &str, negated: bool) -> Token {
    Token { text: text.to_owned(), number: None, negated }
}

fn read(piece: &str, negated: bool, tokens: &mut Vec<Token>) {
    for sign in ["<=", ">=", "<", ">", "~"] {
        if let Some(after) = piece.strip_prefix(sign) {
            tokens.push(word(sign, false));
            if !after.is_empty() {
                read(after, false, tokens);
            }
            return;
        }
    }
    if let Some(number) = number(piece) {
        tokens.push(Token { text: piece.to_owned(), number: Some(number), negated });
        return;
    }
    // A range: both ends are numbers.
    if let Some((low, high)) = piece.split_once(['-', '–'])
        && let (Some(low_number), Some(high_number)) = (number(low), number(high))
    {
        tokens.push(Token { text: low.to_owned(), number: Some(low_number), negated });
        tokens.push(word("-", false));
        tokens.push(Token { text: high.to_owned(), number: Some(high_number), negated: false });
        return;
    }
    tokens.extend(text::words(piece).iter().map(|part| word(part, negated)));
}

/// Reads "50", "$1,299.50", "1.299,50", "20€" and "2k".
fn number(piece: &str) -> Option<Number> {
    let plain = piece.trim_matches(CURRENCY_SIGNS);
    let currency = plain.len() < piece.len();
    let (plain, thousands) = match plain.strip_suffix(['k', 'K']) {
        Some(plain) => (plain, 1_000),
        None => (plain, 1),
    };
    if !plain.starts_with(|letter: char| letter.is_ascii_digit())
        || !plain.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ','))
    {
        return None;
    }
    // The last separator is the point, unless three digits follow it: those are thousands.
    let point = plain.rfind(['.', ',']).filter(|at| plain.len().saturating_sub(*at) != 4);
    let decimals = point.map_or(0, |at| plain.len().saturating_sub(at).saturating_sub(1));
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.parse::<i64>().ok()?.checked_mul(thousands)?;
    Some(Number { digits, decimals: u32::try_from(decimals).ok()?, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (piece, digits, decimals) in [
            ("50", 50, 0),
            ("1,299.50", 129_950, 2),
            ("1.299,50", 129_950, 2),
            ("2,000", 2_000, 0),
            ("1.5k", 15_000, 1),
        ] {
            let read = number(piece).unwrap();
            assert_eq!((read.digits, read.decimals), (digits, decimals), "{piece}");
        }
        assert!(number("$5").unwrap().currency && number("5€").unwrap().currency);
        assert!(number("tn2110").is_none() && number("50mm").is_none() && number("").is_none());
    }
}
