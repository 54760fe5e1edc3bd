//! Carts whose sums were worked out by hand, those of failures seen elsewhere among them (cases C42, C45, C46).

use super::shop::*;
use crate::kernel::{Currency, Money, Rounding};
use crate::pricing::*;
use crate::promotion::Level;
use crate::shipping::NotOffered;
use crate::tax::RoundingLevel;

#[test]
fn a_tax_added_to_the_price_is_rounded_once_and_never_again() {
    // C42: 24.99 at 10.75 % and 6.44 for shipping, which is not taxed.
    let mut snapshot = cart(&[(2499, 1)]);
    snapshot.lines[0].tax_class_id = Some(id(1));
    let mut standard = method(644, None);
    standard.tax_class_id = Some(id(2));
    snapshot.shipping = Some(standard);
    let rates = vec![rate(1, Some(1), 107_500), rate(2, Some(2), 0)];
    for level in [RoundingLevel::Line, RoundingLevel::Order] {
        snapshot.tax = Some(zone(false, level, rates.clone()));
        let priced = price(&snapshot).unwrap();
        assert_eq!(totals(&priced), [2499, 0, 644, 269, 3412]);
        assert!(!priced.tax_included);
        assert_eq!(priced.shipping.unwrap().tax, euro(0));
    }
}

#[test]
fn rounding_each_line_and_rounding_the_order_differ_as_the_zone_says() {
    // C45: taxes of the lines sum to 4.27, the tax of their sum 164.02 at 2.6 % is 4.26.
    let lines = [(2345, 1), (6060, 1), (1560, 1), (6437, 1)];
    let mut snapshot = cart(&lines);
    snapshot.tax = Some(zone(false, RoundingLevel::Line, vec![rate(1, None, 26_000)]));
    let by_line = price(&snapshot).unwrap();
    assert_eq!(by_line.totals.subtotal, euro(16_402));
    assert_eq!(by_line.lines.iter().map(|line| line.tax.amount()).collect::<Vec<_>>(), [61, 158, 41, 167]);
    assert_eq!(totals(&by_line), [16_402, 0, 0, 427, 16_829]);
    snapshot.tax = Some(zone(false, RoundingLevel::Order, vec![rate(1, None, 26_000)]));
    let by_order = price(&snapshot).unwrap();
    assert_eq!(totals(&by_order), [16_402, 0, 0, 426, 16_828]);
    assert_eq!(by_order.lines.iter().map(|line| line.tax.amount()).sum::<i64>(), 426);
    let step = by_order.explanation.steps.iter().find(|step| step.phase == Phase::Taxes).unwrap();
    assert_eq!(
        (step.rounded.unwrap().result, step.rounded.unwrap().rest),
        (426, 16_402 * 26_000 - 426_000_000)
    );
    assert_eq!(step.amounts.iter().filter(|amount| amount.remainder_unit).count(), 2);
}

#[test]
fn a_contained_tax_is_taken_out_of_the_price() {
    let mut snapshot = cart(&[(11_900, 1), (1070, 2)]);
    snapshot.lines[1].tax_class_id = Some(id(7));
    snapshot.shipping = Some(method(595, None));
    let rates = vec![rate(1, None, 190_000), rate(2, Some(7), 70_000)];
    for level in [RoundingLevel::Line, RoundingLevel::Order] {
        snapshot.tax = Some(zone(true, level, rates.clone()));
        let priced = price(&snapshot).unwrap();
        assert_eq!(totals(&priced), [14_040, 0, 595, 1900 + 140 + 95, 14_635]);
        assert!(priced.tax_included);
        let [first, second] = [&priced.lines[0], &priced.lines[1]];
        assert_eq!((first.tax_lines[0].tax_rate_id, first.tax), (id(1), euro(1900)));
        assert_eq!((second.tax_lines[0].tax_rate_id, second.tax), (id(2), euro(140)));
        assert_eq!((first.tax_lines[0].base, first.tax_lines[0].rate_ppm.get()), (euro(11_900), 190_000));
        assert_eq!(priced.shipping.unwrap().tax, euro(95));
    }
}

#[test]
fn several_rates_of_a_class_add_up_and_share_what_is_rounded_once() {
    // 5 % and 9.975 % on 1.00 together are 14.975 %, so 0.15, of which 0.05 and 0.10.
    let mut snapshot = cart(&[(100, 1)]);
    snapshot.tax = Some(zone(false, RoundingLevel::Line, vec![rate(2, None, 99_750), rate(1, None, 50_000)]));
    let priced = price(&snapshot).unwrap();
    let taxes: Vec<i64> = priced.lines[0].tax_lines.iter().map(|tax| tax.amount.amount()).collect();
    assert_eq!((taxes, priced.totals.tax), (vec![5, 10], euro(15)));
    let step = priced.explanation.steps.last().unwrap();
    assert_eq!(
        step.rule,
        Rule::Tax {
            zone_id: id(1),
            zone: "zone".to_owned(),
            rate_ids: vec![id(1), id(2)],
            rate_ppm: 149_750,
            included: false,
            source: crate::tax::RateSource::Table,
        }
    );
}

#[test]
fn a_zone_without_rates_taxes_nothing_and_says_nothing() {
    let mut snapshot = cart(&[(100, 1)]);
    snapshot.tax = Some(zone(true, RoundingLevel::Line, vec![]));
    let priced = price(&snapshot).unwrap();
    assert_eq!((totals(&priced), priced.tax_included), ([100, 0, 0, 0, 100], true));
    assert!(priced.explanation.steps.iter().all(|step| step.phase != Phase::Taxes));
}

#[test]
fn halves_are_rounded_as_the_zone_says() {
    let mut snapshot = cart(&[(50, 1)]);
    let mut taxed = zone(false, RoundingLevel::Line, vec![rate(1, None, 50_000)]);
    snapshot.tax = Some(taxed.clone());
    assert_eq!(price(&snapshot).unwrap().totals.tax, euro(3));
    taxed.rounding = Rounding::HalfEven;
    snapshot.tax = Some(taxed);
    assert_eq!(price(&snapshot).unwrap().totals.tax, euro(2));
    // Discounts are rounded the same way: half of 0.05 is 0.02 here, 0.03 without a zone.
    snapshot.lines[0].base = Some(BasePrice { amount: euro(5), compare_at: None });
    snapshot.promotions = vec![promotion(1, percent("line", 5000))];
    assert_eq!(price(&snapshot).unwrap().totals.discount, euro(2));
    snapshot.tax = None;
    assert_eq!(price(&snapshot).unwrap().totals.discount, euro(3));
}

#[test]
fn an_order_discount_is_spread_so_that_nothing_is_lost() {
    let mut snapshot = cart(&[(1000, 1), (1000, 1), (1000, 1)]);
    snapshot.promotions = vec![promotion(1, fixed("order", 100))];
    let priced = price(&snapshot).unwrap();
    assert_eq!(line_totals(&priced), [966, 967, 967]);
    assert_eq!(totals(&priced), [3000, 100, 0, 0, 2900]);
    let discount = &priced.lines[0].discounts[0];
    assert_eq!((discount.level, discount.amount, discount.promotion_id), (Level::Order, euro(34), id(1)));
    let step = priced.explanation.steps.last().unwrap();
    assert_eq!(step.amounts.iter().map(|part| part.remainder_unit).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!((step.phase, step.total), (Phase::OrderPromotions, euro(100)));
}

#[test]
fn a_cart_can_cost_nothing() {
    // C46
    let mut snapshot = cart(&[(2499, 3)]);
    snapshot.promotions = vec![promotion(1, percent("order", 10_000)), promotion(2, fixed("order", 500))];
    snapshot.tax = Some(zone(false, RoundingLevel::Order, vec![rate(1, None, 107_500)]));
    let priced = price(&snapshot).unwrap();
    assert_eq!(totals(&priced), [7497, 7497, 0, 0, 0]);
    assert_eq!(outcome(&priced, 2), Outcome::NotApplied(Reason::NothingToDiscount));
    assert_eq!(priced.promotions.len(), 1);
    assert_eq!(priced.promotions[0].amount, euro(7497));
}

#[test]
fn an_empty_cart_costs_nothing() {
    let priced = price(&cart(&[])).unwrap();
    assert_eq!((totals(&priced), priced.parcel, priced.shipping), ([0; 5], None, None));
}

#[test]
fn currencies_without_and_with_three_decimal_places_are_priced_in_their_own_units() {
    for (currency, unit, tax, total) in [(Currency::JPY, 80, 8, 88), (Currency::KWD, 12_345, 1235, 13_580)] {
        let mut snapshot = cart(&[]);
        snapshot.currency = currency;
        snapshot.lines = vec![line(1, Money::new(unit, currency).unwrap(), 1)];
        snapshot.tax = Some(zone(false, RoundingLevel::Line, vec![rate(1, None, 100_000)]));
        let priced = price(&snapshot).unwrap();
        assert_eq!((priced.totals.tax.amount(), priced.totals.total.amount()), (tax, total), "{currency}");
        assert_eq!(priced.totals.total.currency(), currency);
    }
}

#[test]
fn shipping_is_free_from_an_amount_after_discounts_and_says_what_it_would_cost() {
    let mut snapshot = cart(&[(2500, 2)]);
    snapshot.shipping = Some(method(490, Some(5000)));
    let free = price(&snapshot).unwrap();
    assert_eq!(totals(&free), [5000, 0, 0, 0, 5000]);
    let listed = Rule::ShippingMethod { id: id(1), name: "standard".to_owned(), listed: Some(euro(490)) };
    assert_eq!(free.explanation.steps.last().unwrap().rule, listed);
    snapshot.promotions = vec![promotion(1, fixed("order", 1))];
    assert_eq!(totals(&price(&snapshot).unwrap()), [5000, 1, 490, 0, 5489]);
}

#[test]
fn only_what_has_to_be_sent_is_weighed_and_counts_for_its_price() {
    let mut snapshot = cart(&[(100, 2), (100, 3)]);
    snapshot.lines[1].requires_shipping = false;
    snapshot.shipping = Some(method(490, None));
    let priced = price(&snapshot).unwrap();
    let parcel = priced.parcel.unwrap();
    assert_eq!((parcel.weight_grams, parcel.goods, parcel.channel), (200, euro(200), id(1)));
    assert_eq!(priced.totals.shipping, euro(490));
    snapshot.lines[0].requires_shipping = false;
    let digital = price(&snapshot).unwrap();
    assert_eq!((digital.parcel, digital.shipping, digital.totals.shipping), (None, None, euro(0)));
}

#[test]
fn a_method_that_cannot_be_used_is_named_and_costs_nothing() {
    let mut snapshot = cart(&[(100, 1)]);
    snapshot.shipping = Some(method(490, None));
    snapshot.destination = None;
    let priced = price(&snapshot).unwrap();
    assert_eq!(priced.shipping_obstacle, Some(NotOffered::NoAddress));
    assert_eq!((priced.shipping, priced.totals.shipping), (None, euro(0)));
    let step = priced.explanation.steps.last().unwrap();
    assert_eq!(step.outcome, Outcome::NotApplied(Reason::NotOffered { why: NotOffered::NoAddress }));
    assert!(priced.parcel.is_some());
}

#[test]
fn faulty_carts_are_errors() {
    let mut snapshot = cart(&[(100, 1), (100, 1)]);
    snapshot.lines[1].id = id(1);
    assert_eq!(price(&snapshot).unwrap_err(), PricingError::DuplicateLine { line: id(1) });
    let mut snapshot = cart(&[(-1, 1)]);
    assert_eq!(price(&snapshot).unwrap_err(), PricingError::NegativePrice { line: id(1) });
    snapshot.lines[0].base = None;
    assert_eq!(price(&snapshot).unwrap_err(), PricingError::NoPrice { line: id(1) });
    let huge = crate::kernel::limits::MONEY_AMOUNT_MAX;
    for lines in [vec![(huge, 2)], vec![(huge, 1), (1, 1)]] {
        assert_eq!(
            price(&cart(&lines)).unwrap_err(),
            PricingError::Amount(crate::kernel::MoneyError::TooLarge)
        );
    }
    assert!(price(&cart(&[(huge, 1)])).is_ok());
}

#[test]
fn the_explanation_is_plain_json() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.promotions = vec![promotion(1, percent("order", 3333)), promotion(2, fixed("shipping", 1))];
    let steps = serde_json::to_value(price(&snapshot).unwrap().explanation).unwrap();
    let step = |index: usize| &steps["steps"][index];
    assert_eq!(step(0)["rule"]["kind"], "base_prices");
    assert_eq!(step(1)["outcome"], "not_applied");
    assert_eq!(step(1)["reason"]["code"], "no_matching_items");
    assert_eq!(step(2)["outcome"], "applied");
    assert_eq!(step(2)["rounded"]["rest"], 3000);
    assert_eq!(step(2)["amounts"][0]["target"]["line"], serde_json::json!(snapshot.lines[0].id));
    assert_eq!(step(2)["amounts"][0]["amount"]["amount"], 333);
}
