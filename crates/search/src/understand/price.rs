//! The grammar of prices. A number is one only beside a cue or a currency: others are sizes, amounts and models.

use super::PriceBounds;
use super::lexer::{Number, Token};
use crate::text;

const BELOW: &[&[&str]] = &[
    &["no", "more", "than"],
    &["less", "than"],
    &["cheaper", "than"],
    &["lower", "than"],
    &["up", "to"],
    &["at", "most"],
    &["under"],
    &["below"],
    &["max"],
    &["maximum"],
    &["<="],
    &["<"],
];

const ABOVE: &[&[&str]] = &[
    &["no", "less", "than"],
    &["more", "than"],
    &["higher", "than"],
    &["starting", "at"],
    &["at", "least"],
    &["over"],
    &["above"],
    &["from"],
    &["min"],
    &["minimum"],
    &[">="],
    &[">"],
];

const AROUND: &[&[&str]] = &[&["around"], &["about"], &["approximately"], &["~"]];

/// How far around a price reaches, in hundredths.
const AROUND_PERCENT: i64 = 15;

const CURRENCY_WORDS: &[&str] = &[
    "dollar", "dollars", "bucks", "usd", "euro", "euros", "eur", "pound", "pounds", "gbp", "quid", "yen",
    "jpy", "chf",
];

/// Reads a price at the beginning of tokens; how many tokens it takes.
pub fn read(tokens: &[Token], exponent: u32) -> Option<(usize, PriceBounds)> {
    range(tokens, exponent).or_else(|| {
        cued(tokens, BELOW, exponent, |price| PriceBounds { min: None, max: Some(price) })
            .or_else(|| cued(tokens, ABOVE, exponent, |price| PriceBounds { min: Some(price), max: None }))
            .or_else(|| cued(tokens, AROUND, exponent, around))
            .or_else(|| {
                // "$50 lamp": about that much.
                let (taken, price, currency) = amount(tokens, exponent)?;
                currency.then(|| (taken, around(price)))
            })
    })
}

fn around(price: i64) -> PriceBounds {
    let part = price.saturating_mul(AROUND_PERCENT).checked_div(100).unwrap_or_default();
    PriceBounds { min: Some(price.saturating_sub(part)), max: Some(price.saturating_add(part)) }
}

fn cued(
    tokens: &[Token],
    cues: &[&[&str]],
    exponent: u32,
    bounds: impl Fn(i64) -> PriceBounds,
) -> Option<(usize, PriceBounds)> {
    let cue = cues.iter().find(|cue| begins(tokens, cue))?;
    let (_, after) = tokens.split_at_checked(cue.len())?;
    let (taken, price, _) = amount(after, exponent)?;
    Some((cue.len().saturating_add(taken), bounds(price)))
}

fn begins(tokens: &[Token], cue: &[&str]) -> bool {
    cue.len() <= tokens.len() && cue.iter().zip(tokens).all(|(word, token)| *word == token.text)
}

/// "between 9 and 20", "from 9 to 20", "$9-20", "9 to 20 euros".
fn range(tokens: &[Token], exponent: u32) -> Option<(usize, PriceBounds)> {
    let cue = usize::from(matches!(tokens, [first, ..] if matches!(first.text.as_str(), "between" | "from")));
    let (_, after) = tokens.split_at_checked(cue)?;
    let (first_taken, low, low_currency) = amount(after, exponent)?;
    let (_, after) = after.split_at_checked(first_taken)?;
    let [joint, after @ ..] = after else { return None };
    if !matches!(joint.text.as_str(), "and" | "to" | "-") {
        return None;
    }
    let (second_taken, high, high_currency) = amount(after, exponent)?;
    let is_price = cue > 0 || low_currency || high_currency;
    let taken = cue.saturating_add(first_taken).saturating_add(second_taken).saturating_add(1);
    is_price.then(|| (taken, PriceBounds { min: Some(low.min(high)), max: Some(low.max(high)) }))
}

/// A number, its currency if it is written, and that no unit follows: "27 inch" is no price.
fn amount(tokens: &[Token], exponent: u32) -> Option<(usize, i64, bool)> {
    let [first, after @ ..] = tokens else { return None };
    let number = first.number.filter(|_| !first.negated)?;
    let price = minor_units(number, exponent)?;
    match after {
        [next, ..] if CURRENCY_WORDS.contains(&next.text.as_str()) => Some((2, price, true)),
        [next, ..] if !number.currency && text::is_unit(&next.text) => None,
        _ => Some((1, price, number.currency)),
    }
}

/// A number in minor units; what is finer than them is cut off.
fn minor_units(number: Number, exponent: u32) -> Option<i64> {
    let scale = |power: u32| 10_i64.checked_pow(power);
    match exponent.checked_sub(number.decimals) {
        Some(missing) => number.digits.checked_mul(scale(missing)?),
        None => number.digits.checked_div(scale(number.decimals.saturating_sub(exponent))?),
    }
}
