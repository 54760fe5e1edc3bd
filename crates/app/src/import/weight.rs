//! Weights in the units that catalogues write, as grams, without floats.

use tradepost_domain::kernel::limits::WEIGHT_GRAMS_MAX;

/// Micrograms in one unit; ounce and pound are the avoirdupois ones of the international agreement of 1959.
fn micrograms(unit: &str) -> Option<u128> {
    Some(match unit {
        "" | "g" => 1_000_000,
        "kg" => 1_000_000_000,
        "oz" => 28_349_523,
        "lb" | "lbs" => 453_592_370,
        _ => return None,
    })
}

/// Grams of a text such as `1.5` in a unit, rounded to the nearest; `None` when it is no weight or beyond the limit.
pub fn parse_grams(text: &str, unit: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.len() <= 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let value: u128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = scale.checked_mul(1_000_000)?;
    let product = value.checked_mul(micrograms(unit.trim().to_lowercase().as_str())?)?;
    let grams = product.checked_add(divisor.checked_div(2)?)?.checked_div(divisor)?;
    u32::try_from(grams).ok().filter(|grams| *grams <= WEIGHT_GRAMS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_become_grams_to_the_nearest() {
        for (text, unit, grams) in [
            ("680", "g", Some(680)),
            ("680.0", "g", Some(680)),
            ("1.5", "kg", Some(1_500)),
            ("1", "oz", Some(28)),
            ("2", "lb", Some(907)),
            ("0", "", Some(0)),
            ("0.5", "g", Some(1)),
            ("-1", "g", None),
            ("1", "stone", None),
            ("1e3", "g", None),
            ("", "g", None),
            (".", "g", None),
            ("100001", "kg", None),
        ] {
            assert_eq!(parse_grams(text, unit), grams, "{text} {unit}");
        }
    }
}
