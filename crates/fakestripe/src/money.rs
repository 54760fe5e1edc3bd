//! Which amounts Stripe takes: <https://docs.stripe.com/currencies>.

use crate::reply::Reply;

/// Refuses a charge that is smaller than Stripe makes them; of a few currencies only.
pub(crate) fn check_charge(amount: i64, currency: &str) -> Result<(), Reply> {
    let least = match currency {
        "eur" | "usd" | "jpy" => 50,
        "gbp" => 30,
        _ => 1,
    };
    check(amount, currency)?;
    if amount < least {
        return Err(Reply::invalid("amount_too_small", &format!("a charge is at least {least} {currency}")));
    }
    Ok(())
}

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
