//! Shipping methods: where they deliver to and what they cost.

use crate::kernel::ids::{ChannelId, ShippingMethodId, TaxClassId};
use crate::kernel::place::{Destination, Place, best_fit};
use crate::kernel::{Amounts, Money};

/// Steps of one price table.
pub const STEPS_MAX: usize = 200;
/// Characters of the name of a carrier's service.
pub const SERVICE_LEN_MAX: usize = 64;

/// A step by the price of the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceStep {
    /// From this price of the goods on.
    pub from: Money,
    /// What shipping costs.
    pub price: Money,
}

/// A step by weight.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightStep {
    /// From this weight on.
    pub from_grams: u64,
    /// What shipping costs, by currency.
    pub prices: Amounts,
}

/// What a method costs. On the wire `{"flat": {"prices": [...]}}`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct ShippingRates(Table);

/// The kinds of tables.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Table {
    /// The same for everything.
    Flat {
        /// By currency.
        prices: Amounts,
    },
    /// By the price of the goods after discounts.
    ByPrice {
        /// The last step that is reached counts.
        steps: Vec<PriceStep>,
    },
    /// By weight.
    ByWeight {
        /// The last step that is reached counts.
        steps: Vec<WeightStep>,
        /// The method takes nothing heavier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_grams: Option<u64>,
    },
    /// What a carrier says for the parcel.
    Carrier {
        /// The service, as the carrier names it.
        service: String,
        /// What it costs while the carrier gives no answer; without it, the method is not offered then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Amounts>,
    },
}

/// A table that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a table has 1 to {STEPS_MAX} steps, each start once, no amount negative, both amounts of a step in one currency; \
     a carrier's service has a name of 1 to {SERVICE_LEN_MAX} characters"
)]
pub struct TableError;

impl TryFrom<Table> for ShippingRates {
    type Error = TableError;

    fn try_from(table: Table) -> Result<Self, TableError> {
        let (steps, mut starts): (usize, Vec<(u64, Option<crate::kernel::Currency>)>) = match &table {
            Table::Flat { .. } => return Ok(Self(table)),
            Table::Carrier { service, .. } => {
                let length = service.chars().filter(|letter| !letter.is_control()).count();
                let fine = service.trim() == service && (1..=SERVICE_LEN_MAX).contains(&length);
                let clean = fine && length == service.chars().count();
                return if clean { Ok(Self(table)) } else { Err(TableError) };
            }
            Table::ByPrice { steps } => {
                let bad = |step: &PriceStep| {
                    step.from.is_negative()
                        || step.price.is_negative()
                        || step.from.currency() != step.price.currency()
                };
                if steps.iter().any(bad) {
                    return Err(TableError);
                }
                let start =
                    |step: &PriceStep| (step.from.amount().unsigned_abs(), Some(step.from.currency()));
                (steps.len(), steps.iter().map(start).collect())
            }
            Table::ByWeight { steps, .. } => {
                (steps.len(), steps.iter().map(|step| (step.from_grams, None)).collect())
            }
        };
        starts.sort_unstable();
        starts.dedup();
        if steps == 0 || steps > STEPS_MAX || starts.len() != steps {
            Err(TableError)
        } else {
            Ok(Self(table))
        }
    }
}

impl From<ShippingRates> for Table {
    fn from(rates: ShippingRates) -> Self {
        rates.0
    }
}

/// A way of shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingMethod {
    /// Id.
    pub id: ShippingMethodId,
    /// Name as shoppers see it.
    pub name: String,
    /// Where it delivers to; empty for the whole world.
    pub places: Vec<Place>,
    /// Channels that offer it; empty for all.
    pub channel_ids: Vec<ChannelId>,
    /// What it costs.
    pub rates: ShippingRates,
    /// It costs nothing when the goods cost at least so much after discounts.
    pub free_from: Option<Amounts>,
    /// The class by which its cost is taxed.
    pub tax_class_id: Option<TaxClassId>,
}

/// What is to be shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Channel of the cart.
    pub channel: ChannelId,
    /// Where it goes; unknown while the cart has no address.
    pub destination: Option<Destination>,
    /// Price of all goods after discounts.
    pub goods: Money,
    /// Weight of what has to be shipped.
    pub weight_grams: u64,
}

/// Why a method is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotOffered {
    /// Another channel.
    Channel,
    /// Nobody knows yet where it goes.
    NoAddress,
    /// It does not deliver there.
    Destination,
    /// Heavier than it takes.
    TooHeavy,
    /// It has no price for this parcel in this currency.
    NoPrice,
    /// The carrier gives no answer, or does not take this parcel.
    NoRate,
}

/// What a method costs for a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// By its table.
    pub listed: Money,
    /// What it costs before promotions: the same, or nothing when the goods cost enough.
    pub price: Money,
}

impl ShippingMethod {
    /// What the method costs for a parcel, or why it is not offered.
    pub fn offer(&self, parcel: &Parcel) -> Result<Offer, NotOffered> {
        if !self.channel_ids.is_empty() && !self.channel_ids.contains(&parcel.channel) {
            return Err(NotOffered::Channel);
        }
        let destination = parcel.destination.as_ref().ok_or(NotOffered::NoAddress)?;
        best_fit(&self.places, destination).ok_or(NotOffered::Destination)?;
        let listed = self.rates.price(parcel)?;
        let free_from =
            self.free_from.as_ref().and_then(|amounts| amounts.in_currency(parcel.goods.currency()));
        let free = free_from.is_some_and(|amount| parcel.goods.amount() >= amount.amount());
        Ok(Offer { listed, price: if free { Money::zero(listed.currency()) } else { listed } })
    }
}

impl ShippingRates {
    /// The carrier's service that says the price; none where the table does.
    pub fn service(&self) -> Option<&str> {
        match &self.0 {
            Table::Carrier { service, .. } => Some(service),
            _ => None,
        }
    }

    /// The table that a carrier's answer comes to: its price, or nothing for a parcel that it does not take.
    pub fn answer(&mut self, price: Option<Money>) {
        if let Table::Carrier { otherwise, .. } = &mut self.0 {
            *otherwise = price.and_then(|price| Amounts::try_from(vec![price]).ok());
        }
    }

    fn price(&self, parcel: &Parcel) -> Result<Money, NotOffered> {
        let currency = parcel.goods.currency();
        let price = match &self.0 {
            Table::Flat { prices } => prices.in_currency(currency),
            Table::ByPrice { steps } => {
                let reached = |step: &&PriceStep| {
                    step.from.currency() == currency && step.from.amount() <= parcel.goods.amount()
                };
                let last = steps.iter().filter(reached).max_by_key(|step| step.from.amount());
                last.map(|step| step.price)
            }
            Table::ByWeight { max_grams: Some(max), .. } if parcel.weight_grams > *max => {
                return Err(NotOffered::TooHeavy);
            }
            Table::ByWeight { steps, .. } => {
                let reached = steps.iter().filter(|step| step.from_grams <= parcel.weight_grams);
                let last = reached.max_by_key(|step| step.from_grams);
                last.and_then(|step| step.prices.in_currency(currency))
            }
            Table::Carrier { otherwise, .. } => {
                let price = otherwise.as_ref().and_then(|amounts| amounts.in_currency(currency));
                return price.ok_or(NotOffered::NoRate);
            }
        };
        price.ok_or(NotOffered::NoPrice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Currency;
    use crate::kernel::ids::EntityId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn euro(amount: i64) -> Money {
        Money::new(amount, Currency::EUR).unwrap()
    }

    fn rates(value: Value) -> ShippingRates {
        serde_json::from_value(value).unwrap()
    }

    fn method(rates: ShippingRates) -> ShippingMethod {
        ShippingMethod {
            id: ShippingMethodId::from_uuid(Uuid::from_u128(1)),
            name: "Standard".to_owned(),
            places: vec![Place { country: "DE".parse().unwrap(), region: None, postal_prefix: None }],
            channel_ids: vec![],
            rates,
            free_from: None,
            tax_class_id: None,
        }
    }

    fn parcel(goods: i64, weight_grams: u64) -> Parcel {
        Parcel {
            channel: ChannelId::from_uuid(Uuid::from_u128(5)),
            destination: Some(Destination {
                country: "DE".parse().unwrap(),
                region: None,
                postal_code: None,
            }),
            goods: euro(goods),
            weight_grams,
        }
    }

    fn prices(amount: i64) -> Value {
        json!([{"amount": amount, "currency": "EUR"}])
    }

    #[test]
    fn a_flat_price_is_the_same_for_all_and_free_from_an_amount_on() {
        let mut method = method(rates(json!({"flat": {"prices": prices(490)}})));
        assert_eq!(method.offer(&parcel(10, 0)), Ok(Offer { listed: euro(490), price: euro(490) }));
        method.free_from = Some(serde_json::from_value(prices(5000)).unwrap());
        assert_eq!(method.offer(&parcel(4999, 0)), Ok(Offer { listed: euro(490), price: euro(490) }));
        assert_eq!(method.offer(&parcel(5000, 0)), Ok(Offer { listed: euro(490), price: euro(0) }));
    }

    #[test]
    fn tables_take_the_last_step_that_is_reached() {
        let money = |amount: i64| json!({"amount": amount, "currency": "EUR"});
        let dollars =
            json!({"from": {"amount": 0, "currency": "USD"}, "price": {"amount": 9, "currency": "USD"}});
        let by_price = method(rates(json!({"by_price": {"steps": [
            {"from": money(2000), "price": money(300)}, {"from": money(100), "price": money(500)}, dollars]}})));
        assert_eq!(by_price.offer(&parcel(99, 0)), Err(NotOffered::NoPrice));
        assert_eq!(by_price.offer(&parcel(100, 0)).unwrap().price, euro(500));
        assert_eq!(by_price.offer(&parcel(1999, 0)).unwrap().price, euro(500));
        assert_eq!(by_price.offer(&parcel(2000, 0)).unwrap().price, euro(300));
        let by_weight = method(rates(json!({"by_weight": {"max_grams": 5000, "steps": [
            {"from_grams": 0, "prices": prices(400)}, {"from_grams": 1000, "prices": prices(700)}]}})));
        for (grams, price) in [
            (0, Ok(400)),
            (999, Ok(400)),
            (1000, Ok(700)),
            (5000, Ok(700)),
            (5001, Err(NotOffered::TooHeavy)),
        ] {
            assert_eq!(
                by_weight.offer(&parcel(1, grams)).map(|offer| offer.price),
                price.map(euro),
                "{grams}"
            );
        }
        let endless =
            method(rates(json!({"by_weight": {"steps": [{"from_grams": 10, "prices": prices(1)}]}})));
        assert_eq!(endless.offer(&parcel(1, 9)), Err(NotOffered::NoPrice));
        assert_eq!(endless.offer(&parcel(1, u64::MAX)).unwrap().price, euro(1));
    }

    #[test]
    fn a_carriers_answer_counts_and_while_there_is_none_what_staff_said_for_that() {
        let with = json!({"carrier": {"service": "express", "otherwise": prices(990)}});
        let without = rates(json!({"carrier": {"service": "express"}}));
        let mut method = method(without);
        assert_eq!(method.offer(&parcel(1, 1)), Err(NotOffered::NoRate));
        method.rates.answer(Some(euro(700)));
        assert_eq!(method.offer(&parcel(1, 1)).unwrap().price, euro(700));
        method.rates = rates(with);
        assert_eq!(method.rates.service(), Some("express"));
        assert_eq!(method.offer(&parcel(1, 1)).unwrap().price, euro(990));
        method.rates.answer(None);
        assert_eq!(method.offer(&parcel(1, 1)), Err(NotOffered::NoRate));
    }

    #[test]
    fn a_method_is_offered_where_it_delivers_and_in_its_channels() {
        let mut method = method(rates(json!({"flat": {"prices": prices(490)}})));
        let mut parcel = parcel(1, 1);
        parcel.destination = None;
        assert_eq!(method.offer(&parcel), Err(NotOffered::NoAddress));
        parcel.destination =
            Some(Destination { country: "US".parse().unwrap(), region: None, postal_code: None });
        assert_eq!(method.offer(&parcel), Err(NotOffered::Destination));
        method.places.clear();
        assert!(method.offer(&parcel).is_ok());
        method.channel_ids = vec![ChannelId::from_uuid(Uuid::from_u128(6))];
        assert_eq!(method.offer(&parcel), Err(NotOffered::Channel));
        method.channel_ids.push(parcel.channel);
        assert!(method.offer(&parcel).is_ok());
        parcel.goods = Money::new(1, Currency::USD).unwrap();
        assert_eq!(method.offer(&parcel), Err(NotOffered::NoPrice));
    }

    #[test]
    fn tables_without_sense_are_refused() {
        let step = |from: i64, from_currency: &str, price: i64| json!({"from": {"amount": from, "currency": from_currency}, "price": {"amount": price, "currency": "EUR"}});
        let grams = |from: usize| json!({"from_grams": from, "prices": prices(1)});
        let read = |value: Value| serde_json::from_value::<ShippingRates>(value);
        for value in [
            json!({"by_price": {"steps": []}}),
            json!({"by_price": {"steps": [step(0, "USD", 1)]}}),
            json!({"by_price": {"steps": [step(-1, "EUR", 1)]}}),
            json!({"by_price": {"steps": [step(0, "EUR", -1)]}}),
            json!({"by_price": {"steps": [step(0, "EUR", 1), step(0, "EUR", 2)]}}),
            json!({"by_weight": {"steps": [grams(1), grams(1)]}}),
            json!({"by_weight": {"steps": (0..=STEPS_MAX).map(grams).collect::<Vec<_>>()}}),
            json!({"flat": {"prices": []}}),
            json!({"carrier": {"service": ""}}),
            json!({"carrier": {"service": " express"}}),
            json!({"carrier": {"service": "ex\npress"}}),
            json!({"carrier": {"service": "x".repeat(SERVICE_LEN_MAX + 1)}}),
            json!({"flat": {"prices": prices(1), "tip": 1}}),
        ] {
            assert!(read(value.clone()).is_err(), "{value}");
        }
        let longest = json!({"by_weight": {"steps": (0..STEPS_MAX).map(grams).collect::<Vec<_>>()}});
        assert_eq!(serde_json::to_value(read(longest.clone()).unwrap()).unwrap(), longest);
    }
}
