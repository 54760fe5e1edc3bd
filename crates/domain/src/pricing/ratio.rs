//! Shares of amounts, rounded in one place, with the record of what rounding did.

use crate::kernel::{Money, MoneyError, Rounding};

/// How a share was rounded: `base x numerator = result x denominator + rest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rounded {
    /// Minor units that the share was taken of.
    pub base: i64,
    /// Numerator of the share.
    pub numerator: i64,
    /// Denominator of the share.
    pub denominator: i64,
    /// Minor units that came out.
    pub result: i64,
    /// What rounding left over, in parts of one minor unit by the denominator; negative when it was rounded up.
    pub rest: i64,
    /// How halves were rounded.
    pub rounding: Rounding,
}

/// `base x numerator / denominator`, rounded once.
pub fn ratio(
    base: Money,
    numerator: i64,
    denominator: i64,
    rounding: Rounding,
) -> Result<(Money, Rounded), MoneyError> {
    let result = base.mul_ratio(numerator, denominator, rounding)?;
    let exact = i128::from(base.amount()).checked_mul(i128::from(numerator));
    let taken = i128::from(result.amount()).checked_mul(i128::from(denominator));
    let rest = exact.zip(taken).and_then(|(exact, taken)| exact.checked_sub(taken));
    let rest = rest.and_then(|rest| i64::try_from(rest).ok()).ok_or(MoneyError::TooLarge)?;
    let fact =
        Rounded { base: base.amount(), numerator, denominator, result: result.amount(), rest, rounding };
    Ok((result, fact))
}

/// Splits an amount over weights by largest remainder; nothing is split over nothing.
///
/// Of each part, also whether it got one of the minor units that were left over.
pub fn spread(whole: Money, weights: &[Money]) -> Result<Vec<(Money, bool)>, MoneyError> {
    let weights: Vec<u64> = weights.iter().map(|weight| weight.amount().unsigned_abs()).collect();
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if whole.amount() == 0 {
        return Ok(weights.iter().map(|_| (whole, false)).collect());
    }
    let parts = whole.allocate(&weights)?;
    let size = u128::from(whole.amount().unsigned_abs());
    let extra = |part: Money, weight: u64| {
        let floor = size.checked_mul(u128::from(weight)).and_then(|share| share.checked_div(total));
        floor.is_some_and(|floor| u128::from(part.amount().unsigned_abs()) > floor)
    };
    Ok(parts.into_iter().zip(weights).map(|(part, weight)| (part, extra(part, weight))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Currency;

    fn euro(amount: i64) -> Money {
        Money::new(amount, Currency::EUR).unwrap()
    }

    #[test]
    fn rounding_says_what_it_left_over() {
        let (result, fact) = ratio(euro(2499), 107_500, 1_000_000, Rounding::HalfUp).unwrap();
        assert_eq!(result, euro(269));
        assert_eq!(
            (fact.base, fact.numerator, fact.denominator, fact.result),
            (2499, 107_500, 1_000_000, 269)
        );
        assert_eq!(fact.rest, 2499 * 107_500 - 269 * 1_000_000);
        assert_eq!(fact.rounding, Rounding::HalfUp);
        assert_eq!(ratio(euro(1), 1, 2, Rounding::HalfEven).unwrap().1.rest, 1);
        assert_eq!(
            ratio(euro(1), 1, 0, Rounding::HalfUp).unwrap_err(),
            MoneyError::Malformed("1/0".to_owned())
        );
    }

    #[test]
    fn spreading_says_who_got_what_was_left_over() {
        let parts = spread(euro(100), &[euro(1), euro(1), euro(1)]).unwrap();
        assert_eq!(parts, [(euro(34), true), (euro(33), false), (euro(33), false)]);
        assert_eq!(spread(euro(0), &[euro(0), euro(0)]).unwrap(), [(euro(0), false), (euro(0), false)]);
        assert_eq!(spread(euro(0), &[euro(3)]).unwrap(), [(euro(0), false)]);
        assert_eq!(spread(euro(5), &[euro(0)]), Err(MoneyError::NoWeights));
        assert_eq!(spread(euro(0), &[]).unwrap(), []);
    }
}
