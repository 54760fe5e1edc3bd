//! What holds for every cart and every set of rules.

use proptest::prelude::*;
use serde_json::json;

use super::shop::*;
use crate::kernel::limits::MONEY_AMOUNT_MAX;
use crate::kernel::{Currency, Money, Quantity, Rounding};
use crate::pricing::*;
use crate::promotion::{Combines, Coupon, Promotion, Schedule, Stacking, Usage};
use crate::shipping::ShippingMethod;
use crate::tax::{RoundingLevel, TaxZone};

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![Currency::JPY, Currency::EUR, Currency::KWD])
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..100_000_i64, 1 => 0..=10_i64, 1 => Just(MONEY_AMOUNT_MAX / 1_000_000)]
}

fn effects(currency: Currency) -> impl Strategy<Value = serde_json::Value> {
    let level = prop::sample::select(vec!["line", "order", "shipping"]);
    let goods = prop::sample::select(vec!["line", "order"]);
    let items = prop::sample::select(vec![
        json!({}),
        json!({"tags": ["line1"]}),
        json!({"tags": ["line2", "line3"]}),
        json!({"tags": ["nothing"]}),
    ]);
    let code = currency.code();
    prop_oneof![
        (goods, 1..=10_000_u32, items.clone()).prop_map(
            |(level, bps, items)| json!({"percentage": {"level": level, "bps": bps, "items": items}})
        ),
        (level, amounts()).prop_map(move |(level, amount)| {
            json!({"fixed": {"level": level, "amounts": [{"amount": amount, "currency": code}]}})
        }),
        (1..4_u32, 1..3_u32, 1..=10_000_u32, items.clone(), items).prop_map(|(buy, get, bps, from, of)| {
            json!({"buy_x_get_y":
                {"buy": from, "buy_quantity": buy, "get": of, "get_quantity": get, "bps": bps}})
        }),
        Just(json!({"free_shipping": {}})),
    ]
}

fn promotions(currency: Currency) -> impl Strategy<Value = Vec<Promotion>> {
    let combines = prop::sample::select(vec![
        Combines::All,
        Combines::All,
        Combines::None,
        Combines::Groups(vec!["a".parse().unwrap()]),
    ]);
    let group = prop::option::of(prop::sample::select(vec!["a".parse().unwrap(), "b".parse().unwrap()]));
    let one = (effects(currency), -2..3_i32, combines, group, any::<bool>());
    prop::collection::vec(one, 0..6).prop_map(|rules| {
        let promotion = |(number, (effect, priority, combines, group, requires_coupon))| Promotion {
            priority,
            requires_coupon,
            stacking: Stacking { group, combines },
            ..promotion(number, effect)
        };
        (1..).zip(rules).map(promotion).collect()
    })
}

fn lines(currency: Currency) -> impl Strategy<Value = Vec<PricingLine>> {
    let one = (amounts(), 1..=20_u32, prop::option::of(1..3_u128), any::<bool>(), 0..5_000_u32);
    prop::collection::vec(one, 0..7).prop_map(move |lines| {
        let line = |(number, (amount, quantity, class, sent, weight_grams)): (
            u128,
            (i64, u32, Option<u128>, bool, u32),
        )| PricingLine {
            tax_class_id: class.map(id),
            requires_shipping: sent,
            weight_grams,
            ..line(number, Money::new(amount, currency).unwrap(), quantity)
        };
        (1..).zip(lines).map(line).collect()
    })
}

fn zones() -> impl Strategy<Value = Option<TaxZone>> {
    let rates = (0..=1_000_000_u32, 0..=300_000_u32, 0..=100_000_u32);
    let how = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let zone =
        (rates, how).prop_map(|((standard, city, reduced), (included, by_line, half_up, with_city))| {
            let mut rates = vec![rate(1, None, standard), rate(3, Some(1), reduced)];
            if with_city {
                rates.push(rate(2, None, city));
            }
            let level = if by_line { RoundingLevel::Line } else { RoundingLevel::Order };
            let rounding = if half_up { Rounding::HalfUp } else { Rounding::HalfEven };
            TaxZone { rounding, ..zone(included, level, rates) }
        });
    prop::option::of(zone)
}

fn methods(currency: Currency) -> impl Strategy<Value = Option<ShippingMethod>> {
    let method = (amounts(), prop::option::of(amounts())).prop_map(move |(price, free_from)| {
        let amounts = |amount: i64| json!([{"amount": amount, "currency": currency.code()}]);
        ShippingMethod {
            rates: serde_json::from_value(json!({"flat": {"prices": amounts(price)}})).unwrap(),
            free_from: free_from.map(|amount| serde_json::from_value(amounts(amount)).unwrap()),
            tax_class_id: Some(id(1)),
            ..method(0, None)
        }
    });
    prop::option::of(method)
}

fn price_lists(currency: Currency) -> impl Strategy<Value = Vec<PriceList>> {
    let one = (-1..2_i32, prop::collection::vec((1..5_u128, 1..10_u32, amounts()), 0..4));
    prop::collection::vec(one, 0..3).prop_map(move |lists| {
        let price = |(variant, min_quantity, amount): (u128, u32, i64)| PriceListPrice {
            variant_id: id(variant),
            min_quantity: Quantity::new(min_quantity).unwrap(),
            amount: Money::new(amount, currency).unwrap(),
        };
        let list = |(number, (priority, prices)): (u128, (i32, Vec<_>))| PriceList {
            id: id(number),
            name: format!("list {number}"),
            priority,
            channel_ids: vec![],
            customer_group_ids: vec![],
            schedule: Schedule::default(),
            prices: prices.into_iter().map(price).collect(),
        };
        (1..).zip(lists).map(list).collect()
    })
}

fn coupons() -> impl Strategy<Value = Vec<Coupon>> {
    prop::collection::vec((1..6_u128, any::<bool>()), 0..4).prop_map(|coupons| {
        let coupon = |(number, (promotion, used)): (u128, (u128, bool))| Coupon {
            usage: Usage { limit: Some(1), used: u32::from(used), ..Usage::default() },
            ..coupon(number, promotion, &format!("CODE{number}"))
        };
        (1..).zip(coupons).map(coupon).collect()
    })
}

fn snapshots() -> impl Strategy<Value = PricingSnapshot> {
    currencies().prop_flat_map(|currency| {
        let rules = (promotions(currency), price_lists(currency), coupons());
        (lines(currency), rules, zones(), methods(currency)).prop_map(
            move |(lines, (promotions, price_lists, coupons), tax, shipping)| PricingSnapshot {
                currency,
                lines,
                price_lists,
                promotions,
                coupons,
                tax,
                shipping,
                ..cart(&[])
            },
        )
    })
}

/// The parts of a cart that must not depend on the order in which anything was loaded.
fn by_line(cart: &PricedCart) -> (Vec<PricedLine>, PricedCart) {
    let mut lines = cart.lines.clone();
    lines.sort_by_key(|line| line.id);
    (lines, PricedCart { lines: vec![], ..cart.clone() })
}

proptest! {
    #[test]
    fn one_unit_costs_a_guest_what_the_storefront_shows(mut snapshot in snapshots()) {
        let one = |line: PricingLine| PricingLine { quantity: Quantity::ONE, ..line };
        snapshot.lines = snapshot.lines.into_iter().map(one).collect();
        let setting = Setting::of_guest(snapshot.channel, snapshot.currency, snapshot.now);
        let lists = AskedLists::new(&snapshot.price_lists, &setting);
        for (paid, line) in price(&snapshot).unwrap().lines.iter().zip(&snapshot.lines) {
            let shown = lists.unit_price(line.item.variant_id, 1, line.base).unwrap();
            let paid = UnitPrice { amount: paid.unit_price, compare_at: paid.compare_at, price_list_id: paid.price_list_id };
            prop_assert_eq!(shown, paid);
        }
    }

    #[test]
    fn parts_sum_to_totals_and_nothing_is_negative(snapshot in snapshots()) {
        let cart = price(&snapshot).unwrap();
        let [subtotal, discount, shipping, tax, total] = totals(&cart);
        let added = if cart.tax_included { 0 } else { tax };
        prop_assert_eq!(subtotal - discount + shipping + added, total);
        prop_assert!([subtotal, discount, shipping, tax, total].iter().all(|amount| *amount >= 0));
        let mut goods = 0;
        for line in &cart.lines {
            let taken: i64 = line.discounts.iter().map(|discount| discount.amount.amount()).sum();
            let whole = line.unit_price.amount() * i64::from(line.quantity);
            prop_assert!(line.discounts.iter().all(|discount| discount.amount.amount() > 0) && taken <= whole);
            prop_assert_eq!(whole - taken, line.total.amount());
            prop_assert!(!cart.tax_included || line.tax.amount() <= line.total.amount());
            goods += line.total.amount();
        }
        prop_assert_eq!(goods, subtotal - discount);
    }

    #[test]
    fn the_order_of_lines_and_rules_does_not_matter(snapshot in snapshots(), turn in 0..7_usize) {
        let mut turned = snapshot.clone();
        let by = |length: usize| turn % length.max(1);
        turned.lines.rotate_left(by(snapshot.lines.len()));
        turned.lines.reverse();
        turned.promotions.rotate_left(by(snapshot.promotions.len()));
        turned.price_lists.reverse();
        turned.coupons.reverse();
        if let Some(zone) = &mut turned.tax {
            zone.rates.reverse();
        }
        let cart = price(&turned).unwrap();
        prop_assert!(cart.lines.iter().map(|line| line.id).eq(turned.lines.iter().map(|line| line.id)));
        prop_assert_eq!(by_line(&cart), by_line(&price(&snapshot).unwrap()));
    }

    #[test]
    fn a_promotion_that_never_applies_changes_nothing(snapshot in snapshots(), priority in -3..4_i32, effect in effects(Currency::EUR)) {
        let plain = price(&snapshot).unwrap();
        let mut with = snapshot.clone();
        let condition = serde_json::from_value(json!({"any": []})).unwrap();
        let stacking = Stacking { group: None, combines: Combines::None };
        with.promotions.push(Promotion { priority, stacking, condition, ..promotion(77, effect) });
        let mut cart = price(&with).unwrap();
        prop_assert_eq!(outcome(&cart, 77), Outcome::NotApplied(Reason::ConditionNotMet));
        cart.explanation.steps.retain(|step| !matches!(&step.rule, Rule::Promotion { id: found, .. } if *found == id(77)));
        prop_assert_eq!(cart, plain);
    }

    #[test]
    fn a_tax_taken_out_of_a_price_is_the_one_that_was_added_to_it(net in 0..10_000_000_i64, ppm in 1..=1_000_000_u32) {
        let mut snapshot = cart(&[(net, 1)]);
        snapshot.tax = Some(zone(false, RoundingLevel::Line, vec![rate(1, None, ppm)]));
        let added = price(&snapshot).unwrap();
        let mut gross = cart(&[(added.totals.total.amount(), 1)]);
        gross.tax = Some(zone(true, RoundingLevel::Line, vec![rate(1, None, ppm)]));
        let contained = price(&gross).unwrap();
        prop_assert_eq!(contained.totals.tax, added.totals.tax);
        prop_assert_eq!(contained.totals.total, added.totals.total);
    }

    #[test]
    fn every_rule_is_explained_once_and_the_explanation_says_how_each_amount_was_rounded(snapshot in snapshots()) {
        let cart = price(&snapshot).unwrap();
        for promotion in &snapshot.promotions {
            let of = |step: &&Step| matches!(&step.rule, Rule::Promotion { id, .. } if *id == promotion.id);
            prop_assert_eq!(cart.explanation.steps.iter().filter(of).count(), 1);
        }
        for step in &cart.explanation.steps {
            let parts = step.amounts.iter().filter_map(|part| part.rounded.map(|rounded| (rounded, part.amount)));
            for (rounded, amount) in parts.chain(step.rounded.map(|rounded| (rounded, step.total))) {
                prop_assert_eq!(rounded.result, amount.amount());
                let exact = i128::from(rounded.base) * i128::from(rounded.numerator);
                let taken = i128::from(rounded.result) * i128::from(rounded.denominator);
                prop_assert_eq!(exact - taken, i128::from(rounded.rest));
                prop_assert!(rounded.rest.abs() * 2 <= rounded.denominator);
            }
        }
        prop_assert!(serde_json::to_string(&cart.explanation).is_ok());
    }

    #[test]
    fn no_amount_makes_it_panic(prices in prop::collection::vec((0..=MONEY_AMOUNT_MAX, 1..=9_999_u32), 0..4), snapshot in snapshots()) {
        let mut snapshot = snapshot;
        snapshot.lines = (1..).zip(prices).map(|(number, (amount, quantity))| {
            line(number, Money::new(amount, snapshot.currency).unwrap(), quantity)
        }).collect();
        match price(&snapshot) {
            Ok(cart) => prop_assert!(cart.totals.total.amount() <= MONEY_AMOUNT_MAX),
            Err(error) => prop_assert_eq!(error, PricingError::Amount(crate::kernel::MoneyError::TooLarge)),
        }
    }
}
