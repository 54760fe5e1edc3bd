//! Money as people read it in their language: `€1,290.00`, `1.290,00 €`, `¥1,290`. Signs and separators are those of the
//! Unicode CLDR (release 46) for the languages that shops here ask for most; every other one is written as English.

use super::{Currency, Locale, Money};

/// How a language writes amounts.
struct Style {
    group: &'static str,
    decimal: &'static str,
    /// Whether the currency stands before the amount.
    sign_first: bool,
}

/// Keeps an amount and its currency on one line.
const NO_BREAK_SPACE: &str = "\u{a0}";

fn style(locale: &Locale) -> Style {
    let (group, decimal, sign_first) = match (locale.language(), locale.as_str()) {
        (_, "de-CH" | "de-LI") => ("’", ".", true),
        ("nl", _) => (".", ",", true),
        ("da" | "de" | "es" | "it" | "pt" | "tr", _) => (".", ",", false),
        ("bg" | "cs" | "fi" | "fr" | "hu" | "nb" | "nn" | "no" | "pl" | "ru" | "sk" | "sv" | "uk", _) => {
            (NO_BREAK_SPACE, ",", false)
        }
        _ => (",", ".", true),
    };
    Style { group, decimal, sign_first }
}

/// The sign, where it means one currency only: a dollar may be of many countries, and is the US one alone here.
fn sign(currency: Currency) -> &'static str {
    match currency.code() {
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "USD" => "$",
        code => code,
    }
}

fn grouped(digits: &str, separator: &str) -> String {
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

impl Money {
    /// The amount with its currency, as readers of `locale` expect it.
    ///
    /// ```
    /// use tradepost_domain::kernel::{Currency, Locale, Money};
    /// let price = Money::new(1_290_00, Currency::EUR)?;
    /// assert_eq!(price.to_text(&Locale::english()), "€1,290.00");
    /// # Ok::<(), tradepost_domain::kernel::MoneyError>(())
    /// ```
    pub fn to_text(self, locale: &Locale) -> String {
        let Style { group, decimal, sign_first } = style(locale);
        let major = self.to_major_string();
        let (minus, digits) = major.strip_prefix('-').map_or(("", major.as_str()), |digits| ("-", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let point = if fraction.is_empty() { "" } else { decimal };
        let amount = format!("{}{point}{fraction}", grouped(whole, group));
        let sign = sign(self.currency());
        // A code of three letters, and whoever writes commas, keeps a distance.
        let gap = if sign_first && sign.chars().count() == 1 && decimal == "." { "" } else { NO_BREAK_SPACE };
        if sign_first { format!("{minus}{sign}{gap}{amount}") } else { format!("{minus}{amount}{gap}{sign}") }
    }
}

/// A rate in millionths as percent, as readers of `locale` expect it: `19 %`, `7.7%`.
pub fn percent_text(ppm: u32, locale: &Locale) -> String {
    let (whole, fraction) = (ppm / 10_000, ppm % 10_000);
    let fraction = format!("{fraction:04}");
    let fraction = fraction.trim_end_matches('0');
    let Style { decimal, .. } = style(locale);
    let point = if fraction.is_empty() { "" } else { decimal };
    let gap = if decimal == "," { NO_BREAK_SPACE } else { "" };
    format!("{whole}{point}{fraction}{gap}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(amount: i64, currency: &str, locale: &str) -> String {
        let money = Money::new(amount, currency.parse().unwrap()).unwrap();
        money.to_text(&locale.parse().unwrap()).replace('\u{a0}', "_")
    }

    #[test]
    fn amounts_are_written_as_their_readers_expect_them() {
        for (amount, currency, locale, expected) in [
            (129_000, "EUR", "en", "€1,290.00"),
            (129_000, "EUR", "de", "1.290,00_€"),
            (129_000, "EUR", "de-AT", "1.290,00_€"),
            (129_005, "CHF", "de-CH", "CHF_1’290.05"),
            (1_234_567, "JPY", "en-GB", "¥1,234,567"),
            (1_234, "JPY", "de", "1.234_¥"),
            (1_234_567, "KWD", "en", "KWD_1,234.567"),
            (5, "KWD", "de", "0,005_KWD"),
            (129_000, "EUR", "nl", "€_1.290,00"),
            (129_000, "SEK", "sv", "1_290,00_SEK"),
            (-5, "USD", "en-US", "-$0.05"),
            (0, "USD", "xx", "$0.00"),
        ] {
            assert_eq!(text(amount, currency, locale), expected, "{amount} {currency} {locale}");
        }
    }

    #[test]
    fn rates_are_written_as_percent() {
        let text = |ppm, locale: &str| percent_text(ppm, &locale.parse().unwrap()).replace('\u{a0}', "_");
        assert_eq!(
            [text(190_000, "de"), text(77_000, "en"), text(81_250, "de")],
            ["19_%", "7.7%", "8,125_%"]
        );
        assert_eq!(text(0, "en"), "0%");
    }
}
