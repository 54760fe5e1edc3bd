//! Which amounts Stripe takes: <https://docs.stripe.com/currencies>.

use crate::reply::Reply;

/// Refuses an amount that Stripe would refuse in a currency.
pub(crate) fn check(amount: i64, currency: &str) -> Result<(), Reply> {
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(Reply::invalid("parameter_invalid", "currencies are three small letters"));
    }
    if amount < 1 {
        return Err(Reply::invalid("amount_too_small", "the amount must be at least 1"));
    }
    if amount > 99_999_999_999 {
        return Err(Reply::invalid("amount_too_large", "the amount has more than eleven digits"));
    }
    let step = match currency {
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        "isk" | "ugx" => 100,
        _ => 1,
    };
    if amount % step == 0 {
        Ok(())
    } else {
        Err(Reply::invalid("amount_invalid", &format!("amounts of {currency} are multiples of {step}")))
    }
}
