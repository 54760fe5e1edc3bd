//! A small shop for the tests: carts, rules and zones in few words.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::kernel::ids::EntityId;
use crate::kernel::place::{Destination, Place};
use crate::kernel::{Currency, Money, Quantity, Rounding};
use crate::pricing::*;
use crate::promotion::{Combines, Coupon, ItemFacts, Promotion, Schedule, Stacking, Usage};
use crate::shipping::ShippingMethod;
use crate::tax::{RatePpm, RateSource, RatesFrom, RoundingLevel, TaxRate, TaxZone};

pub fn id<T: EntityId>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(number))
}

pub fn euro(amount: i64) -> Money {
    Money::new(amount, Currency::EUR).unwrap()
}

pub fn now() -> Timestamp {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

/// A line of a variant that has the number of the line, tagged `line<number>`.
pub fn line(number: u128, unit_price: Money, quantity: u32) -> PricingLine {
    PricingLine {
        id: id(number),
        item: ItemFacts {
            product_id: id(number),
            variant_id: id(number),
            category_ids: vec![],
            collection_ids: vec![],
            brand_id: None,
            product_type_id: None,
            tags: vec![format!("line{number}")],
        },
        quantity: Quantity::new(quantity).unwrap(),
        base: Some(BasePrice { amount: unit_price, compare_at: None }),
        tax_class_id: None,
        weight_grams: 100,
        requires_shipping: true,
    }
}

/// A cart in euro with lines 1, 2, ... of these unit prices and quantities, going to Germany.
pub fn cart(lines: &[(i64, u32)]) -> PricingSnapshot {
    let lines = (1..).zip(lines).map(|(number, (price, quantity))| line(number, euro(*price), *quantity));
    PricingSnapshot {
        currency: Currency::EUR,
        channel: id(1),
        customer: CustomerFacts::default(),
        now: now(),
        lines: lines.collect(),
        price_lists: vec![],
        promotions: vec![],
        coupons: vec![],
        destination: Some(Destination { country: "DE".parse().unwrap(), region: None, postal_code: None }),
        tax: None,
        shipping: None,
    }
}

pub fn promotion(number: u128, effect: Value) -> Promotion {
    Promotion {
        id: id(number),
        name: format!("promotion {number}"),
        priority: 0,
        stacking: Stacking { group: None, combines: Combines::All },
        schedule: Schedule::default(),
        requires_coupon: false,
        usage: Usage::default(),
        condition: crate::promotion::Condition::always(),
        effect: serde_json::from_value(effect).unwrap(),
    }
}

pub fn percent(level: &str, bps: u32) -> Value {
    json!({"percentage": {"level": level, "bps": bps}})
}

pub fn fixed(level: &str, amount: i64) -> Value {
    json!({"fixed": {"level": level, "amounts": [{"amount": amount, "currency": "EUR"}]}})
}

pub fn coupon(number: u128, promotion: u128, code: &str) -> Coupon {
    Coupon {
        id: id(number),
        code: code.parse().unwrap(),
        promotion_id: id(promotion),
        schedule: Schedule::default(),
        usage: Usage::default(),
    }
}

pub fn rate(number: u128, class: Option<u128>, ppm: u32) -> TaxRate {
    TaxRate {
        id: id(number),
        tax_class_id: class.map(id),
        name: format!("rate {number}"),
        rate_ppm: RatePpm::try_from(ppm).unwrap(),
    }
}

pub fn zone(included: bool, level: RoundingLevel, rates: Vec<TaxRate>) -> TaxZone {
    TaxZone {
        id: id(1),
        name: "zone".to_owned(),
        places: vec![],
        default_channel_ids: vec![],
        prices_include_tax: included,
        rounding: Rounding::HalfUp,
        rounding_level: level,
        rates,
        rates_from: RatesFrom::Table,
        source: RateSource::Table,
    }
}

/// A method to Germany at a flat price.
pub fn method(price: i64, free_from: Option<i64>) -> ShippingMethod {
    let amounts = |amount: i64| json!([{"amount": amount, "currency": "EUR"}]);
    ShippingMethod {
        id: id(1),
        name: "standard".to_owned(),
        places: vec![Place { country: "DE".parse().unwrap(), region: None, postal_prefix: None }],
        channel_ids: vec![],
        rates: serde_json::from_value(json!({"flat": {"prices": amounts(price)}})).unwrap(),
        free_from: free_from.map(|amount| serde_json::from_value(amounts(amount)).unwrap()),
        tax_class_id: None,
    }
}

/// Subtotal, discount, shipping, tax and total in minor units.
pub fn totals(cart: &PricedCart) -> [i64; 5] {
    let Totals { subtotal, discount, shipping, tax, total } = cart.totals;
    [subtotal, discount, shipping, tax, total].map(Money::amount)
}

/// What is left of each line, in the order of the lines.
pub fn line_totals(cart: &PricedCart) -> Vec<i64> {
    cart.lines.iter().map(|line| line.total.amount()).collect()
}

/// The steps of promotions by id: what became of each.
pub fn outcome(cart: &PricedCart, promotion: u128) -> Outcome {
    let of =
        |step: &&Step| matches!(&step.rule, Rule::Promotion { id: found, .. } if *found == id(promotion));
    cart.explanation.steps.iter().find(of).unwrap().outcome.clone()
}
