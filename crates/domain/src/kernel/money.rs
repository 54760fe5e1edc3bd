//! Money: a whole number of minor units and a currency, with checked arithmetic only.
//!
//! There is no way from or to a float. An amount never leaves ±[`MONEY_AMOUNT_MAX`]; what would is an error, never a
//! wrapped or clipped number. Splitting an amount loses nothing: parts always sum to the whole (largest remainder,
//! ties to the earlier part).
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use super::currency::Currency;
use super::limits::MONEY_AMOUNT_MAX;

/// An amount of money in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Money {
    amount: i64,
    currency: Currency,
}

/// Why an amount could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result is larger than any price, total or balance may be.
    #[error("an amount of money is at most {MONEY_AMOUNT_MAX} minor units")]
    TooLarge,
    /// Two currencies met in one sum.
    #[error("cannot combine {left} with {right}")]
    CurrencyMismatch {
        /// Currency of the left operand.
        left: Currency,
        /// Currency of the right operand.
        right: Currency,
    },
    /// Nothing to split by: no weights, or all of them zero.
    #[error("an amount cannot be split by no weights or by zeros")]
    NoWeights,
    /// Division by zero, or a text that is no amount.
    #[error("`{0}` is not an amount such as 12.90")]
    Malformed(String),
    /// More decimal places than the currency has.
    #[error("{currency} has {exponent} decimal places; `{text}` has more")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// Its number of decimal places.
        exponent: u32,
        /// The text as it was given.
        text: String,
    },
}

/// How a fraction of a minor unit is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Halves go away from zero, as most tax offices want it.
    HalfUp,
    /// Halves go to the even neighbour, as banks do.
    HalfEven,
}

impl Money {
    /// An amount in minor units (cents for the euro, yen for the yen).
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount.unsigned_abs() > MONEY_AMOUNT_MAX.unsigned_abs() {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// Minor units.
    pub fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is below zero.
    pub fn is_negative(self) -> bool {
        self.amount < 0
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }

    fn from_wide(amount: i128, currency: Currency) -> Result<Self, MoneyError> {
        i64::try_from(amount).map_err(|_| MoneyError::TooLarge).and_then(|amount| Self::new(amount, currency))
    }

    /// The sum of two amounts of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self.amount.checked_add(other.amount).ok_or(MoneyError::TooLarge)?;
        Self::new(sum, self.currency)
    }

    /// The difference of two amounts of one currency; may be negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let difference = self.amount.checked_sub(other.amount).ok_or(MoneyError::TooLarge)?;
        Self::new(difference, self.currency)
    }

    /// The amount so many times.
    pub fn checked_mul(self, times: u32) -> Result<Self, MoneyError> {
        let product = i128::from(self.amount).checked_mul(i128::from(times)).ok_or(MoneyError::TooLarge)?;
        Self::from_wide(product, self.currency)
    }

    /// The amount times `numerator / denominator`, rounded once to whole minor units.
    ///
    /// ```
    /// use tradepost_domain::kernel::{Currency, Money, Rounding};
    /// let net = Money::new(10_05, Currency::EUR)?;
    /// assert_eq!(net.mul_ratio(1900, 10_000, Rounding::HalfUp)?.amount(), 1_91); // 19 % tax in basis points
    /// # Ok::<(), tradepost_domain::kernel::MoneyError>(())
    /// ```
    pub fn mul_ratio(self, numerator: i64, denominator: i64, rounding: Rounding) -> Result<Self, MoneyError> {
        let product =
            i128::from(self.amount).checked_mul(i128::from(numerator)).ok_or(MoneyError::TooLarge)?;
        let divisor = i128::from(denominator);
        let zero_divisor = || MoneyError::Malformed(format!("{numerator}/{denominator}"));
        let quotient = product.checked_div(divisor).ok_or_else(zero_divisor)?;
        let remainder = product.checked_rem(divisor).ok_or_else(zero_divisor)?;
        let twice = remainder.unsigned_abs().saturating_mul(2);
        let away = match twice.cmp(&divisor.unsigned_abs()) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => match rounding {
                Rounding::HalfUp => true,
                Rounding::HalfEven => quotient.checked_rem(2) != Some(0),
            },
        };
        let step = if !away {
            0
        } else if (product < 0) == (divisor < 0) {
            1
        } else {
            -1
        };
        Self::from_wide(quotient.checked_add(step).ok_or(MoneyError::TooLarge)?, self.currency)
    }

    /// Splits the amount in proportion to `weights`, so that the parts sum to it exactly.
    ///
    /// Each part is the proportional share rounded towards zero; what is left goes, one minor unit each, to the parts
    /// with the largest remainders, the earlier first where they tie. A part of weight zero gets nothing.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 {
            return Err(MoneyError::NoWeights);
        }
        let size = u128::from(self.amount.unsigned_abs());
        let share = |weight: u64| size.saturating_mul(u128::from(weight));
        let mut parts: Vec<u128> =
            weights.iter().map(|weight| share(*weight).checked_div(total).unwrap_or_default()).collect();
        let mut order: Vec<(usize, u128)> = weights
            .iter()
            .map(|weight| share(*weight).checked_rem(total).unwrap_or_default())
            .enumerate()
            .filter(|(_, remainder)| *remainder > 0)
            .collect();
        order.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
        let given: u128 = parts.iter().sum();
        let left = usize::try_from(size.saturating_sub(given)).map_err(|_| MoneyError::TooLarge)?;
        for (index, _) in order.into_iter().take(left) {
            if let Some(part) = parts.get_mut(index) {
                *part = part.saturating_add(1);
            }
        }
        let sign: i128 = if self.amount < 0 { -1 } else { 1 };
        let signed = |part: u128| i128::try_from(part).ok().and_then(|part| part.checked_mul(sign));
        parts
            .into_iter()
            .map(|part| Self::from_wide(signed(part).ok_or(MoneyError::TooLarge)?, self.currency))
            .collect()
    }

    /// Reads an amount in major units, as people write prices in files: `12`, `12.9`, `-0.50`.
    ///
    /// Digits beyond the currency's decimal places are refused unless they are zeros: a price is never rounded
    /// silently.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed(text.chars().take(40).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(malformed());
        }
        let places = usize::try_from(currency.exponent()).unwrap_or_default();
        let (kept, rest) = fraction.split_at(fraction.len().min(places));
        if rest.bytes().any(|digit| digit != b'0') {
            return Err(MoneyError::TooPrecise {
                currency,
                exponent: currency.exponent(),
                text: text.chars().take(40).collect(),
            });
        }
        let minor_text = format!("{whole}{kept:0<places$}");
        let minor: i64 = minor_text.parse().map_err(|_| MoneyError::TooLarge)?;
        Self::new(if negative { minor.saturating_neg() } else { minor }, currency)
    }

    /// The amount in major units without the currency, as files and people write it: `12.90`.
    pub fn to_major_string(self) -> String {
        let places = usize::try_from(self.currency.exponent()).unwrap_or_default();
        let sign = if self.amount < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.amount.unsigned_abs(), width = places.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
        if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.to_major_string(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<'de> serde::Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            amount: i64,
            currency: Currency,
        }
        let parts = Parts::deserialize(deserializer)?;
        Self::new(parts.amount, parts.currency).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the tests compute expected values on small numbers")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currencies() -> impl Strategy<Value = Currency> {
        prop::sample::select(vec![Currency::JPY, Currency::EUR, Currency::KWD])
    }

    fn amounts() -> impl Strategy<Value = i64> {
        -MONEY_AMOUNT_MAX..=MONEY_AMOUNT_MAX
    }

    proptest! {
        #[test]
        fn parts_always_sum_to_the_whole(
            amount in amounts(), currency in currencies(), weights in prop::collection::vec(any::<u64>(), 1..20),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let whole = Money::new(amount, currency).unwrap();
            let parts = whole.allocate(&weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| part.amount()).sum::<i64>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*weight > 0 || part.amount() == 0);
                prop_assert!(part.amount() == 0 || part.is_negative() == whole.is_negative());
            }
        }

        #[test]
        fn no_part_is_a_whole_unit_away_from_its_share(
            amount in amounts(), weights in prop::collection::vec(0_u64..1_000_000, 1..20),
        ) {
            let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            prop_assume!(total > 0);
            let parts = Money::new(amount, Currency::EUR).unwrap().allocate(&weights).unwrap();
            for (part, weight) in parts.iter().zip(&weights) {
                let difference = i128::from(part.amount()) * total - i128::from(amount) * i128::from(*weight);
                prop_assert!(difference.abs() < total);
            }
        }

        #[test]
        fn a_price_reads_back_from_its_own_text(amount in amounts(), currency in currencies()) {
            let money = Money::new(amount, currency).unwrap();
            prop_assert_eq!(Money::parse_major(&money.to_major_string(), currency), Ok(money));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}", currency in currencies()) {
            if let Ok(money) = Money::parse_major(&text, currency) {
                prop_assert!(money.amount().abs() <= MONEY_AMOUNT_MAX);
            }
        }

        #[test]
        fn sums_never_wrap(left in amounts(), right in amounts()) {
            let sum = Money::new(left, Currency::EUR).unwrap().checked_add(Money::new(right, Currency::EUR).unwrap());
            match sum {
                Ok(sum) => prop_assert_eq!(sum.amount(), left + right),
                Err(error) => {
                    prop_assert_eq!(error, MoneyError::TooLarge);
                    prop_assert!((left + right).abs() > MONEY_AMOUNT_MAX);
                }
            }
        }

        #[test]
        fn rounding_is_never_more_than_half_a_unit_away(
            amount in -1_000_000_i64..1_000_000, numerator in -20_000_i64..20_000, denominator in 1_i64..20_000,
        ) {
            for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
                let rounded = Money::new(amount, Currency::EUR).unwrap().mul_ratio(numerator, denominator, rounding);
                let error = rounded.unwrap().amount() * denominator - amount * numerator;
                prop_assert!(2 * error.abs() <= denominator);
            }
        }
    }

    #[test]
    fn halves_go_up_or_to_the_even_neighbour() {
        let round = |amount, rounding| {
            Money::new(amount, Currency::EUR).unwrap().mul_ratio(1, 2, rounding).unwrap().amount()
        };
        assert_eq!([1, 3, 5, -1, -3].map(|amount| round(amount, Rounding::HalfUp)), [1, 2, 3, -1, -2]);
        assert_eq!([1, 3, 5, -1, -3].map(|amount| round(amount, Rounding::HalfEven)), [0, 2, 2, 0, -2]);
    }

    #[test]
    fn what_is_left_goes_to_the_largest_remainders_and_ties_to_the_earlier() {
        let amounts = |whole: i64, weights: &[u64]| {
            let parts = Money::new(whole, Currency::EUR).unwrap().allocate(weights).unwrap();
            parts.into_iter().map(Money::amount).collect::<Vec<_>>()
        };
        assert_eq!(amounts(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(amounts(-100, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(amounts(5, &[3, 0, 7]), [2, 0, 3]);
        assert_eq!(amounts(1, &[1, 2]), [0, 1]);
        assert_eq!(Money::zero(Currency::EUR).allocate(&[0, 0]), Err(MoneyError::NoWeights));
        assert_eq!(Money::zero(Currency::EUR).allocate(&[]), Err(MoneyError::NoWeights));
    }

    #[test]
    fn prices_are_never_rounded_silently() {
        let parse = |text: &str, currency| Money::parse_major(text, currency).map(Money::amount);
        assert_eq!(parse("12.9", Currency::EUR), Ok(1290));
        assert_eq!(parse("12.900", Currency::EUR), Ok(1290));
        assert_eq!(parse("80", Currency::JPY), Ok(80));
        assert_eq!(parse("80.00", Currency::JPY), Ok(80));
        assert_eq!(parse("1.234", Currency::KWD), Ok(1234));
        assert_eq!(parse(".5", Currency::EUR), Ok(50));
        assert!(matches!(parse("80.5", Currency::JPY), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(parse("12.905", Currency::EUR), Err(MoneyError::TooPrecise { .. })));
        for text in ["", ".", "-", "1,5", "1e3", "+1", "1.2.3", " 1", "١"] {
            assert!(matches!(parse(text, Currency::EUR), Err(MoneyError::Malformed(_))), "{text:?}");
        }
        assert_eq!(parse("99999999999999", Currency::EUR), Err(MoneyError::TooLarge));
    }

    #[test]
    fn two_currencies_never_meet_in_a_sum() {
        let sum = Money::zero(Currency::EUR).checked_add(Money::zero(Currency::USD));
        assert_eq!(sum, Err(MoneyError::CurrencyMismatch { left: Currency::EUR, right: Currency::USD }));
    }
}
