//! Taxes: zones with their rates by class of goods, and how they are rounded. `pricing` computes the amounts.

use crate::kernel::Rounding;
use crate::kernel::ids::{ChannelId, TaxClassId, TaxRateId, TaxZoneId};
use crate::kernel::place::{Destination, Place, best_fit};

/// Parts of a rate in one whole: rates are parts per million, so that 8.875 % is 88,750.
pub const RATE_WHOLE: i64 = 1_000_000;

/// A tax rate in parts per million, at most 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct RatePpm(u32);

/// A rate above 100 %.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tax rate is 0 to {RATE_WHOLE} parts per million")]
pub struct RateError;

impl RatePpm {
    /// Parts per million.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for RatePpm {
    type Error = RateError;
    fn try_from(ppm: u32) -> Result<Self, RateError> {
        if i64::from(ppm) <= RATE_WHOLE { Ok(Self(ppm)) } else { Err(RateError) }
    }
}

impl From<RatePpm> for u32 {
    fn from(rate: RatePpm) -> Self {
        rate.0
    }
}

/// Where taxes are rounded. Tax offices differ, and so do the sums: a setting of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundingLevel {
    /// On each line; the order's tax is their sum.
    Line,
    /// Once for the order and each class of goods; the lines share it by largest remainder.
    Order,
}

/// Who says the rates of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatesFrom {
    /// Staff, in the table of rates.
    #[default]
    Table,
    /// The tax service; the table while it gives no answer.
    ServiceOrTable,
    /// The tax service; while it gives no answer, nothing is sold into the zone.
    Service,
}

/// Whose rates a zone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// Those of the table.
    #[default]
    Table,
    /// Those of the tax service.
    Service,
    /// Those that the tax service gave some time ago, since it gives no answer now.
    EarlierAnswer,
}

/// A rate of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRate {
    /// Id.
    pub id: TaxRateId,
    /// The class of goods it is for; without one, goods that have no class and classes without a rate of their own.
    pub tax_class_id: Option<TaxClassId>,
    /// Name on receipts, such as "VAT".
    pub name: String,
    /// The rate.
    pub rate_ppm: RatePpm,
}

/// An area with its own taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxZone {
    /// Id; breaks ties between zones, the smaller first.
    pub id: TaxZoneId,
    /// Name.
    pub name: String,
    /// Where it is; empty for all that lies in no other zone.
    pub places: Vec<Place>,
    /// Channels whose carts are taxed here while nobody knows where they go.
    pub default_channel_ids: Vec<ChannelId>,
    /// Whether the shop's prices contain the tax already.
    pub prices_include_tax: bool,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
    /// Where they are rounded.
    pub rounding_level: RoundingLevel,
    /// Rates; several of one class add up, as those of a state and a city do.
    pub rates: Vec<TaxRate>,
    /// Who has to say them.
    pub rates_from: RatesFrom,
    /// Who did.
    pub source: RateSource,
}

impl TaxZone {
    /// The rates for a class, by id: its own, or else those of goods without a class.
    pub fn rates_of(&self, class: Option<TaxClassId>) -> Vec<&TaxRate> {
        let of = |class: Option<TaxClassId>| -> Vec<&TaxRate> {
            self.rates.iter().filter(|rate| rate.tax_class_id == class).collect()
        };
        let own = of(class);
        // Never 0 % by mistake: what has no rate of its own is taxed like everything else.
        let mut rates = if own.is_empty() { of(None) } else { own };
        rates.sort_by_key(|rate| rate.id);
        rates
    }
}

/// The zone for a destination: the narrowest that covers it. Without a destination, the channel's default zone.
pub fn choose_zone<'a>(
    zones: &'a [TaxZone],
    destination: Option<&Destination>,
    channel: ChannelId,
) -> Option<&'a TaxZone> {
    let Some(destination) = destination else {
        let defaults = zones.iter().filter(|zone| zone.default_channel_ids.contains(&channel));
        return defaults.min_by_key(|zone| zone.id);
    };
    let fitting = zones.iter().filter_map(|zone| Some((best_fit(&zone.places, destination)?, zone)));
    fitting.max_by_key(|(fit, zone)| (*fit, std::cmp::Reverse(zone.id))).map(|(_, zone)| zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::EntityId;
    use uuid::Uuid;

    fn id<T: EntityId>(number: u128) -> T {
        T::from_uuid(Uuid::from_u128(number))
    }

    fn zone(number: u128, places: &[(&str, Option<&str>)], default_channel: u128) -> TaxZone {
        let place = |(country, region): &(&str, Option<&str>)| Place {
            country: country.parse().unwrap(),
            region: region.map(str::to_owned),
            postal_prefix: None,
        };
        TaxZone {
            id: id(number),
            name: String::new(),
            places: places.iter().map(place).collect(),
            default_channel_ids: vec![id(default_channel)],
            prices_include_tax: true,
            rounding: Rounding::HalfUp,
            rounding_level: RoundingLevel::Line,
            rates: vec![],
            rates_from: RatesFrom::Table,
            source: RateSource::Table,
        }
    }

    #[test]
    fn the_narrowest_zone_is_chosen_and_the_smaller_id_breaks_ties() {
        let zones = [
            zone(4, &[], 1),
            zone(3, &[("US", None)], 2),
            zone(2, &[("US", Some("CA"))], 2),
            zone(1, &[("US", None), ("DE", None)], 3),
        ];
        let chosen = |country: &str, region: Option<&str>| {
            let destination = Destination {
                country: country.parse().unwrap(),
                region: region.map(str::to_owned),
                postal_code: None,
            };
            choose_zone(&zones, Some(&destination), id(9)).map(|zone| zone.id)
        };
        assert_eq!(chosen("US", Some("CA")), Some(id(2)));
        assert_eq!(chosen("US", Some("NY")), Some(id(1)));
        assert_eq!(chosen("FR", None), Some(id(4)));
        assert_eq!(choose_zone(&zones, None, id(2)).map(|zone| zone.id), Some(id(2)));
        assert_eq!(choose_zone(&zones, None, id(8)), None);
        assert_eq!(choose_zone(&zones[..1], None, id(2)), None);
    }

    #[test]
    fn a_class_without_rates_is_taxed_like_goods_without_a_class() {
        let rate = |number: u128, class: Option<u128>| TaxRate {
            id: id(number),
            tax_class_id: class.map(id),
            name: String::new(),
            rate_ppm: RatePpm::try_from(190_000).unwrap(),
        };
        let mut zone = zone(1, &[], 1);
        zone.rates = vec![rate(3, None), rate(2, Some(7)), rate(1, None)];
        let ids = |class| zone.rates_of(class).iter().map(|rate| rate.id).collect::<Vec<TaxRateId>>();
        assert_eq!(ids(Some(id(7))), [id(2)]);
        assert_eq!(ids(Some(id(8))), [id(1), id(3)]);
        assert_eq!(ids(None), [id(1), id(3)]);
    }

    #[test]
    fn a_rate_is_at_most_all() {
        assert_eq!(RatePpm::try_from(1_000_000).unwrap().get(), 1_000_000);
        assert_eq!(RatePpm::try_from(1_000_001), Err(RateError));
        assert_eq!(serde_json::to_string(&RatePpm::try_from(7).unwrap()).unwrap(), "7");
    }
}
