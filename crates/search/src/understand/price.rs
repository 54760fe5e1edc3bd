//! The grammar of prices. A number is one only beside a cue or a currency: others are sizes, amounts and models.

use super::PriceBounds;
use super::cues::{Cues, Phrases};
use super::lexer::{Number, Token};
use crate::text;

/// How far around a price reaches, in hundredths.
const AROUND_PERCENT: i64 = 15;

const CURRENCY_WORDS: &[&str] = &[
    "dollar", "dollars", "bucks", "usd", "euro", "euros", "eur", "pound", "pounds", "gbp", "quid", "yen",
    "jpy", "chf",
];

/// Reads a price at the beginning of tokens, in the languages of `cues`; how many tokens it takes.
pub fn read(tokens: &[Token], exponent: u32, cues: &[&Cues]) -> Option<(usize, PriceBounds)> {
    let said = |of: fn(&Cues) -> Phrases, bounds: fn(i64) -> PriceBounds| {
        cues.iter().find_map(|own| cued(tokens, of(own), (exponent, cues), bounds))
    };
    let at_most = |price| PriceBounds { min: None, max: Some(price) };
    let at_least = |price| PriceBounds { min: Some(price), max: None };
    range(tokens, exponent, cues)
        .or_else(|| said(|own| own.below, at_most))
        .or_else(|| said(|own| own.above, at_least))
        .or_else(|| said(|own| own.around, around))
        .or_else(|| {
            // "$50 lamp": about that much.
            let (taken, price, currency) = amount(tokens, exponent, cues)?;
            currency.then(|| (taken, around(price)))
        })
}

fn around(price: i64) -> PriceBounds {
    let part = price.saturating_mul(AROUND_PERCENT).checked_div(100).unwrap_or_default();
    PriceBounds { min: Some(price.saturating_sub(part)), max: Some(price.saturating_add(part)) }
}

fn cued(
    tokens: &[Token],
    phrases: Phrases,
    (exponent, cues): (u32, &[&Cues]),
    bounds: impl Fn(i64) -> PriceBounds,
) -> Option<(usize, PriceBounds)> {
    let cue = phrases.iter().find(|cue| begins(tokens, cue))?;
    let (_, after) = tokens.split_at_checked(cue.len())?;
    let (taken, price, _) = amount(after, exponent, cues)?;
    Some((cue.len().saturating_add(taken), bounds(price)))
}

fn begins(tokens: &[Token], cue: &[&str]) -> bool {
    cue.len() <= tokens.len() && cue.iter().zip(tokens).all(|(word, token)| *word == token.text)
}

/// "between 9 and 20", "from 9 to 20", "$9-20", "9 to 20 euros".
fn range(tokens: &[Token], exponent: u32, cues: &[&Cues]) -> Option<(usize, PriceBounds)> {
    let is_one = |token: &Token, of: fn(&Cues) -> &'static [&'static str]| {
        cues.iter().any(|own| of(own).contains(&token.text.as_str()))
    };
    let cue = usize::from(tokens.first().is_some_and(|first| is_one(first, |own| own.between)));
    let (_, after) = tokens.split_at_checked(cue)?;
    let (first_taken, low, low_currency) = amount(after, exponent, cues)?;
    let (_, after) = after.split_at_checked(first_taken)?;
    let [joint, after @ ..] = after else { return None };
    if !is_one(joint, |own| own.to) {
        return None;
    }
    let (second_taken, high, high_currency) = amount(after, exponent, cues)?;
    let is_price = cue > 0 || low_currency || high_currency;
    let taken = cue.saturating_add(first_taken).saturating_add(second_taken).saturating_add(1);
    is_price.then(|| (taken, PriceBounds { min: Some(low.min(high)), max: Some(low.max(high)) }))
}

/// A number, its currency if it is written, and that no unit follows: "27 inch" is no price.
fn amount(tokens: &[Token], exponent: u32, cues: &[&Cues]) -> Option<(usize, i64, bool)> {
    let [first, after @ ..] = tokens else { return None };
    let number = first.number.filter(|_| !first.negated)?;
    let price = minor_units(number, exponent)?;
    match after {
        [next, ..] if CURRENCY_WORDS.contains(&next.text.as_str()) => Some((2, price, true)),
        [next, ..] if !number.currency && text::is_unit(&next.text) => None,
        [next, ..] if cues.iter().any(|own| own.counted.contains(&next.text.as_str())) => None,
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
