//! Places: countries and the parts of them that rules of tax and shipping tell apart.

use super::country::Country;

/// Where something is sent to, as far as taxes and shipping care.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Destination {
    /// Country.
    pub country: Country,
    /// State or province, as the address has it: `CA`.
    pub region: Option<String>,
    /// Postal code, as the address has it.
    pub postal_code: Option<String>,
}

/// A country, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Country.
    pub country: Country,
    /// Only this state or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only postal codes that begin so; spaces and capitals do not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_prefix: Option<String>,
}

/// How narrowly a place describes a destination: the larger, the narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// No place was named: the rest of the world.
    Anywhere,
    /// By country.
    Country,
    /// By state or province.
    Region,
    /// By so many letters of the postal code.
    Postal(usize),
}

impl Place {
    /// How narrowly the place describes the destination, or `None` when the destination lies elsewhere.
    pub fn fit(&self, destination: &Destination) -> Option<Fit> {
        if self.country != destination.country {
            return None;
        }
        let mut fit = Fit::Country;
        if let Some(region) = &self.region {
            let there = destination.region.as_deref().unwrap_or_default();
            if !there.trim().eq_ignore_ascii_case(region.trim()) {
                return None;
            }
            fit = Fit::Region;
        }
        if let Some(prefix) = &self.postal_prefix {
            let prefix = plain(prefix);
            if !plain(destination.postal_code.as_deref().unwrap_or_default()).starts_with(&prefix) {
                return None;
            }
            fit = Fit::Postal(prefix.len());
        }
        Some(fit)
    }
}

/// The narrowest fit among places; no places at all are the whole world.
pub fn best_fit(places: &[Place], destination: &Destination) -> Option<Fit> {
    if places.is_empty() {
        return Some(Fit::Anywhere);
    }
    places.iter().filter_map(|place| place.fit(destination)).max()
}

/// A postal code without spaces, in capitals.
fn plain(code: &str) -> String {
    code.chars().filter(|letter| !letter.is_whitespace()).map(|letter| letter.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(country: &str, region: Option<&str>, postal_code: Option<&str>) -> Destination {
        Destination {
            country: country.parse().unwrap(),
            region: region.map(str::to_owned),
            postal_code: postal_code.map(str::to_owned),
        }
    }

    fn place(country: &str, region: Option<&str>, postal_prefix: Option<&str>) -> Place {
        Place {
            country: country.parse().unwrap(),
            region: region.map(str::to_owned),
            postal_prefix: postal_prefix.map(str::to_owned),
        }
    }

    #[test]
    fn a_place_fits_by_country_region_and_postal_code() {
        let there = destination("US", Some(" ca "), Some("90 210"));
        assert_eq!(place("US", None, None).fit(&there), Some(Fit::Country));
        assert_eq!(place("US", Some("CA"), None).fit(&there), Some(Fit::Region));
        assert_eq!(place("US", None, Some("902")).fit(&there), Some(Fit::Postal(3)));
        assert_eq!(place("US", Some("CA"), Some("9 02")).fit(&there), Some(Fit::Postal(3)));
        assert_eq!(place("US", Some("NY"), None).fit(&there), None);
        assert_eq!(place("US", None, Some("91")).fit(&there), None);
        assert_eq!(place("DE", None, None).fit(&there), None);
        let unknown = destination("US", None, None);
        assert_eq!(place("US", Some("CA"), None).fit(&unknown), None);
        assert_eq!(place("US", None, Some("9")).fit(&unknown), None);
        assert_eq!(
            place("CA", None, Some("k1a")).fit(&destination("CA", None, Some("K1A 0B1"))),
            Some(Fit::Postal(3))
        );
    }

    #[test]
    fn the_narrowest_place_counts_and_no_place_is_everywhere() {
        let there = destination("US", Some("CA"), Some("90210"));
        let places = [
            place("US", None, None),
            place("US", None, Some("90")),
            place("US", Some("CA"), None),
            place("DE", None, None),
        ];
        assert_eq!(best_fit(&places, &there), Some(Fit::Postal(2)));
        assert_eq!(best_fit(&[], &there), Some(Fit::Anywhere));
        assert_eq!(best_fit(&[place("DE", None, None)], &there), None);
        assert!(Fit::Anywhere < Fit::Country && Fit::Country < Fit::Region && Fit::Region < Fit::Postal(0));
    }
}
