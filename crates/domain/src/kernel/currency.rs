//! Currencies of ISO 4217, each with the number of its minor units' decimal places.
//!
//! A payment gateway may count a currency's minor units otherwise; that is a table of the gateway's, never this one.

use std::fmt;
use std::str::FromStr;

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// A text that is no currency in which a price can be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency code of ISO 4217 in which prices can be given, such as EUR")]
pub struct CurrencyError(pub String);

impl Currency {
    /// The euro, for examples and defaults.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// The US dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);
    /// The yen, which has no minor unit.
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    /// The Kuwaiti dinar, which has three decimal places.
    pub const KWD: Self = Self(iso_currency::Currency::KWD);

    /// The three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of the minor unit: 0 for the yen, 2 for the euro, 3 for the Kuwaiti dinar.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }

    /// Minor units in one major unit: 10 to the power of the exponent.
    pub fn minor_per_major(self) -> i64 {
        10_i64.saturating_pow(self.exponent())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    /// Capital letters only: `eur` in a request is a mistake that is better named than guessed at.
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let refuse = || CurrencyError(text.chars().take(16).collect());
        let currency = iso_currency::Currency::from_code(text).ok_or_else(refuse)?;
        // Gold, special drawing rights and the test code have no minor unit and no place on a price tag.
        let exponent = currency.exponent().ok_or_else(refuse)?;
        if exponent > 3 { Err(refuse()) } else { Ok(Self(currency)) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_iso_4217() {
        for (code, exponent) in [("JPY", 0), ("KRW", 0), ("EUR", 2), ("USD", 2), ("KWD", 3), ("TND", 3)] {
            assert_eq!(code.parse::<Currency>().unwrap().exponent(), exponent, "{code}");
        }
    }

    #[test]
    fn metals_lower_case_and_nonsense_are_refused() {
        for code in ["XAU", "XXX", "eur", "EURO", "", "E\0R"] {
            assert!(code.parse::<Currency>().is_err(), "{code:?}");
        }
    }
}
