//! The last check is only worth something if it finds every kind of fault: each is made here, and found.

use super::shop::*;
use crate::kernel::{Currency, Money};
use crate::pricing::*;
use crate::tax::RoundingLevel;
use serde_json::json;

/// A cart that has some of everything: two lines, discounts on lines, order and shipping, two tax rates.
fn rich(included: bool) -> PricingSnapshot {
    let mut snapshot = cart(&[(1999, 3), (333, 2)]);
    snapshot.promotions = vec![
        promotion(1, percent("line", 1000)),
        promotion(2, fixed("order", 333)),
        promotion(3, fixed("shipping", 100)),
        promotion(4, json!({"fixed": {"level": "order", "amounts": [{"amount": 1, "currency": "USD"}]}})),
    ];
    snapshot.shipping = Some(method(490, None));
    snapshot.tax =
        Some(zone(included, RoundingLevel::Order, vec![rate(1, None, 60_000), rate(2, None, 25_000)]));
    snapshot
}

/// Makes one fault.
type Tamper = &'static dyn Fn(&mut PricedCart);

fn more(amount: &mut Money) {
    *amount = amount.checked_add(Money::new(1, amount.currency()).unwrap()).unwrap();
}

fn found(included: bool, tamper: impl Fn(&mut PricedCart)) -> Option<&'static str> {
    let snapshot = rich(included);
    let mut priced = price(&snapshot).unwrap();
    tamper(&mut priced);
    match verify(&snapshot, &priced) {
        Ok(()) => None,
        Err(PricingError::Inconsistent(what)) => Some(what),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_amount_that_is_one_unit_off_is_found() {
    let faults: [(&str, Tamper); 21] = [
        ("lines", &|cart| drop(cart.lines.pop())),
        ("lines", &|cart| cart.lines[0].quantity += 1),
        ("lines", &|cart| cart.lines.swap(0, 1)),
        ("line subtotal", &|cart| more(&mut cart.lines[0].unit_price)),
        ("line subtotal", &|cart| more(&mut cart.lines[1].subtotal)),
        ("line total", &|cart| more(&mut cart.lines[1].total)),
        ("line total", &|cart| more(&mut cart.lines[1].discounts[0].amount)),
        ("line tax", &|cart| more(&mut cart.lines[1].tax)),
        ("line tax", &|cart| more(&mut cart.lines[1].tax_lines[1].amount)),
        ("shipping total", &|cart| more(&mut cart.shipping.as_mut().unwrap().price)),
        ("shipping total", &|cart| more(&mut cart.shipping.as_mut().unwrap().total)),
        ("shipping tax", &|cart| more(&mut cart.shipping.as_mut().unwrap().tax)),
        ("subtotal", &|cart| more(&mut cart.totals.subtotal)),
        ("discount", &|cart| more(&mut cart.totals.discount)),
        ("shipping", &|cart| more(&mut cart.totals.shipping)),
        ("tax", &|cart| more(&mut cart.totals.tax)),
        ("total", &|cart| more(&mut cart.totals.total)),
        ("total", &|cart| cart.tax_included = !cart.tax_included),
        ("promotions", &|cart| more(&mut cart.promotions[0].amount)),
        ("promotions", &|cart| drop(cart.promotions.pop())),
        ("explained step", &|cart| more(&mut cart.explanation.steps[0].total)),
    ];
    for included in [true, false] {
        assert_eq!(found(included, |_| {}), None);
        for (index, (expected, tamper)) in faults.iter().enumerate() {
            assert_eq!(found(included, tamper), Some(*expected), "fault {index}");
        }
    }
}

#[test]
fn an_explanation_that_does_not_sum_to_the_totals_is_found() {
    let phases = [
        (Phase::Prices, "explained prices"),
        (Phase::LinePromotions, "explained discounts"),
        (Phase::OrderPromotions, "explained discounts"),
        (Phase::Shipping, "explained shipping"),
        (Phase::ShippingPromotions, "explained shipping"),
        (Phase::Taxes, "explained taxes"),
    ];
    for (phase, expected) in phases {
        let tamper = |cart: &mut PricedCart| {
            let of = |step: &&mut Step| step.phase == phase && step.outcome == Outcome::Applied;
            let step = cart.explanation.steps.iter_mut().find(of).unwrap();
            more(&mut step.total);
            more(&mut step.amounts[0].amount);
        };
        assert_eq!(found(true, tamper), Some(expected), "{phase:?}");
    }
}

#[test]
fn negative_amounts_and_other_currencies_are_found() {
    let negative = |cart: &mut PricedCart| {
        for (tax, sign) in cart.lines[0].tax_lines.iter_mut().zip([1, -1]) {
            tax.amount = tax.amount.checked_add(euro(10_000 * sign)).unwrap();
        }
    };
    assert_eq!(found(true, negative), Some("negative amount"));
    let foreign = |cart: &mut PricedCart| {
        cart.totals.tax = Money::new(cart.totals.tax.amount(), Currency::USD).unwrap();
    };
    assert_eq!(found(true, foreign), Some("currency"));
}

#[test]
fn a_contained_tax_larger_than_the_total_is_found() {
    let mut snapshot = cart(&[(100, 1)]);
    snapshot.tax = Some(zone(true, RoundingLevel::Line, vec![rate(1, None, 1_000_000)]));
    let priced = price(&snapshot).unwrap();
    assert_eq!(priced.totals.tax, euro(50));
    let with_tax = |tax: i64| {
        let mut cart = priced.clone();
        cart.totals.tax = euro(tax);
        cart.lines[0].tax = euro(tax);
        cart.lines[0].tax_lines[0].amount = euro(tax);
        let step = cart.explanation.steps.last_mut().unwrap();
        step.total = euro(tax);
        step.amounts[0].amount = euro(tax);
        verify(&snapshot, &cart)
    };
    assert_eq!(with_tax(100), Ok(()));
    assert_eq!(with_tax(101), Err(PricingError::Inconsistent("included tax")));
}
