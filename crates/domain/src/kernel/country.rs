//! Countries of ISO 3166-1, by their two capital letters.

use std::fmt;
use std::str::FromStr;

/// The officially assigned alpha-2 codes in alphabetical order (ISO 3166-1, <https://www.iso.org/obp/ui/#search>).
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM \
FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO \
JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA \
SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US \
UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country of ISO 3166-1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(&'static str);

/// A text that is no country.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a country code of ISO 3166-1 in two letters, such as DE")]
pub struct CountryError;

impl Country {
    /// The two capital letters.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl FromStr for Country {
    type Err = CountryError;

    /// Reads any case: forms and address books write `de` as often as `DE`.
    fn from_str(text: &str) -> Result<Self, CountryError> {
        CODES
            .split_ascii_whitespace()
            .find(|code| code.eq_ignore_ascii_case(text))
            .map(Self)
            .ok_or(CountryError)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl serde::Serialize for Country {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_the_249_assigned_codes_in_order() {
        let codes: Vec<&str> = CODES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted() && codes.iter().all(|code| code.len() == 2));
    }

    #[test]
    fn a_country_is_read_in_any_case_and_what_is_none_is_refused() {
        assert_eq!("de".parse::<Country>().unwrap().code(), "DE");
        for text in ["", "D", "DEU", "XX", "UK", "EU", "D E", "276"] {
            assert_eq!(text.parse::<Country>(), Err(CountryError), "{text:?}");
        }
    }
}
