//! Promotions, one kind and one rule after the other.

use super::shop::*;
use crate::kernel::{Currency, Money};
use crate::pricing::*;
use crate::promotion::{Combines, Promotion, Stacking, Usage};
use serde_json::{Value, json};

fn not(reason: Reason) -> Outcome {
    Outcome::NotApplied(reason)
}

/// The totals of lines under these promotions.
fn left(lines: &[(i64, u32)], effects: &[Value]) -> Vec<i64> {
    let mut snapshot = cart(lines);
    snapshot.promotions =
        (1..).zip(effects).map(|(number, effect)| promotion(number, effect.clone())).collect();
    line_totals(&price(&snapshot).unwrap())
}

#[test]
fn a_share_is_taken_off_each_selected_line_or_off_the_sum() {
    assert_eq!(left(&[(333, 1), (333, 1)], &[percent("line", 5000)]), [166, 166]);
    assert_eq!(left(&[(333, 1), (333, 1)], &[percent("order", 5000)]), [166, 167]);
    let selected = json!({"percentage": {"level": "line", "bps": 1000, "items": {"tags": ["line2"]}}});
    assert_eq!(left(&[(1000, 1), (1000, 2)], &[selected]), [1000, 1800]);
    let of_order = json!({"percentage": {"level": "order", "bps": 1000, "items": {"tags": ["line2"]}}});
    assert_eq!(left(&[(1000, 1), (1000, 2)], &[of_order]), [1000, 1800]);
}

#[test]
fn a_fixed_amount_is_taken_off_each_unit_or_off_the_sum_but_never_more_than_is_left() {
    assert_eq!(left(&[(1000, 3), (200, 2)], &[fixed("line", 300)]), [2100, 0]);
    assert_eq!(left(&[(1000, 3), (1000, 1)], &[fixed("order", 400)]), [2700, 900]);
    assert_eq!(left(&[(100, 1), (50, 1)], &[fixed("order", 400)]), [0, 0]);
    assert_eq!(left(&[(100, 1)], &[fixed("order", 100)]), [0]);
    let huge = crate::kernel::limits::MONEY_AMOUNT_MAX;
    assert_eq!(left(&[(100, 9), (huge - 900, 1)], &[fixed("line", huge)]), [0, 0]);
    let dollars = json!({"fixed": {"level": "order", "amounts": [{"amount": 5, "currency": "USD"}]}});
    let mut snapshot = cart(&[(100, 1)]);
    snapshot.promotions = vec![promotion(1, dollars)];
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), not(Reason::NoAmountInCurrency));
}

#[test]
fn later_promotions_work_on_what_earlier_ones_left() {
    assert_eq!(left(&[(1000, 1)], &[percent("line", 5000), percent("line", 5000)]), [250]);
    assert_eq!(left(&[(1000, 1)], &[fixed("line", 200), percent("line", 5000)]), [400]);
    // Lines come before the order, whatever the priority.
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.promotions = vec![promotion(1, percent("order", 5000)), promotion(2, fixed("line", 200))];
    snapshot.promotions[0].priority = 9;
    let priced = price(&snapshot).unwrap();
    assert_eq!(line_totals(&priced), [400]);
    let taken: Vec<i64> = priced.lines[0].discounts.iter().map(|discount| discount.amount.amount()).collect();
    assert_eq!(taken, [200, 400]);
}

#[test]
fn priority_decides_the_order_and_then_the_smaller_id() {
    let applied = |priorities: [i32; 3]| {
        let mut snapshot = cart(&[(1000, 1)]);
        let numbered = [3, 1, 2].into_iter().zip(priorities);
        snapshot.promotions = numbered
            .map(|(number, priority)| Promotion { priority, ..promotion(number, percent("line", 1000)) })
            .collect();
        price(&snapshot).unwrap().promotions.iter().map(|applied| applied.promotion_id).collect::<Vec<_>>()
    };
    assert_eq!(applied([0, 0, 0]), [id(1), id(2), id(3)]);
    assert_eq!(applied([1, -1, 0]), [id(3), id(2), id(1)]);
}

fn buy(rule: &Value) -> Value {
    json!({"buy_x_get_y": rule})
}

#[test]
fn the_cheapest_units_are_those_got_cheaper() {
    let three_for_two = buy(&json!({"buy_quantity": 2, "get_quantity": 1, "bps": 10000}));
    assert_eq!(left(&[(500, 1), (300, 1), (400, 1)], std::slice::from_ref(&three_for_two)), [500, 0, 400]);
    assert_eq!(left(&[(500, 2), (300, 4)], std::slice::from_ref(&three_for_two)), [1000, 600]);
    assert_eq!(left(&[(500, 5)], std::slice::from_ref(&three_for_two)), [2000]);
    assert_eq!(left(&[(500, 1), (500, 1), (500, 1)], &[three_for_two]), [0, 500, 500]);
    let once = buy(&json!({"buy_quantity": 2, "get_quantity": 1, "bps": 10000, "times_max": 1}));
    assert_eq!(left(&[(500, 2), (300, 4)], &[once]), [1000, 900]);
    let half_off_second = buy(&json!({"buy_quantity": 1, "get_quantity": 1, "bps": 5000}));
    assert_eq!(left(&[(999, 2)], &[half_off_second]), [1998 - 500]);
}

#[test]
fn bought_and_got_items_may_differ_and_overlap() {
    let differ = buy(&json!({"buy": {"tags": ["line1"]}, "buy_quantity": 2, "get": {"tags": ["line2"]},
        "get_quantity": 1, "bps": 10000}));
    assert_eq!(left(&[(500, 4), (300, 1)], std::slice::from_ref(&differ)), [2000, 0]);
    assert_eq!(left(&[(500, 2), (300, 5)], &[differ]), [1000, 1200]);
    // Line 1 can be either; both of its units have to stay bought, although they are the cheapest.
    let overlap =
        buy(&json!({"buy": {"tags": ["line1"]}, "buy_quantity": 2, "get_quantity": 1, "bps": 10000}));
    assert_eq!(left(&[(100, 2), (300, 3)], std::slice::from_ref(&overlap)), [200, 600]);
    // A third unit of it is free to be got.
    assert_eq!(left(&[(100, 3), (300, 3)], &[overlap]), [200, 900]);
}

#[test]
fn units_that_stay_bought_are_taken_from_what_can_only_be_bought_first() {
    let rule =
        buy(&json!({"buy": {"tags": ["line1", "line2"]}, "buy_quantity": 2, "get": {"tags": ["line2"]},
        "get_quantity": 1, "bps": 10000}));
    assert_eq!(left(&[(500, 2), (100, 1)], &[rule]), [1000, 0]);
    // Of the four cheap units three have to stay bought, on whichever lines they are.
    let rule = buy(
        &json!({"buy": {"tags": ["line1", "line2"]}, "buy_quantity": 3, "get_quantity": 2, "bps": 10000}),
    );
    assert_eq!(left(&[(100, 2), (100, 2), (300, 4)], &[rule]), [100, 200, 900]);
}

#[test]
fn units_that_do_not_suffice_get_nothing_and_block_nothing() {
    let mut snapshot = cart(&[(1000, 2)]);
    snapshot.promotions = vec![
        promotion(1, buy(&json!({"buy_quantity": 2, "get_quantity": 1, "bps": 10000}))),
        promotion(2, percent("line", 1000)),
    ];
    snapshot.promotions[0].stacking.combines = Combines::None;
    snapshot.promotions[0].priority = 1;
    let priced = price(&snapshot).unwrap();
    assert_eq!(outcome(&priced, 1), not(Reason::NoMatchingItems));
    assert_eq!(line_totals(&priced), [1800]);
}

#[test]
fn shipping_becomes_cheaper_or_free() {
    let shipping = |effects: &[Value]| {
        let mut snapshot = cart(&[(1000, 1)]);
        snapshot.shipping = Some(method(490, None));
        snapshot.promotions =
            (1..).zip(effects).map(|(number, effect)| promotion(number, effect.clone())).collect();
        let priced = price(&snapshot).unwrap();
        assert_eq!(priced.totals.discount, euro(0));
        let shipping = priced.shipping.unwrap();
        assert_eq!((shipping.price, shipping.total), (euro(490), priced.totals.shipping));
        shipping.total.amount()
    };
    assert_eq!(shipping(&[json!({"free_shipping": {}})]), 0);
    assert_eq!(shipping(&[percent("shipping", 5000)]), 245);
    assert_eq!(shipping(&[fixed("shipping", 100), fixed("shipping", 100)]), 290);
    assert_eq!(shipping(&[fixed("shipping", 1000)]), 0);
}

#[test]
fn shipping_promotions_wait_for_a_method_and_for_something_to_send() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.promotions = vec![promotion(1, json!({"free_shipping": {}}))];
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), not(Reason::NoMatchingItems));
    snapshot.shipping = Some(method(490, Some(0)));
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), not(Reason::NothingToDiscount));
    snapshot.shipping = Some(method(490, None));
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), Outcome::Applied);
    snapshot.destination = None;
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), not(Reason::NothingToDiscount));
    snapshot.lines[0].requires_shipping = false;
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), not(Reason::NoMatchingItems));
}

#[test]
fn promotions_that_do_not_go_together_are_left_to_the_higher_priority() {
    let mut snapshot = cart(&[(1000, 1)]);
    let stacked = |number: u128, combines: Combines| Promotion {
        stacking: Stacking { group: Some(format!("g{number}").parse().unwrap()), combines },
        priority: 10 - i32::try_from(number).unwrap(),
        ..promotion(number, percent("line", 1000))
    };
    let outcomes = |snapshot: &PricingSnapshot| {
        let priced = price(snapshot).unwrap();
        [1, 2, 3].map(|number| outcome(&priced, number))
    };
    let with = |number: u128| not(Reason::NotCombinable { with: id(number) });
    snapshot.promotions = [Combines::None, Combines::All, Combines::All]
        .into_iter()
        .zip(1..)
        .map(|(c, n)| stacked(n, c))
        .collect();
    assert_eq!(outcomes(&snapshot), [Outcome::Applied, with(1), with(1)]);
    snapshot.promotions[0].condition = serde_json::from_value(json!({"first_order": true})).unwrap();
    assert_eq!(outcomes(&snapshot), [not(Reason::ConditionNotMet), Outcome::Applied, Outcome::Applied]);
    snapshot.promotions[0] = stacked(1, Combines::Groups(vec!["g3".parse().unwrap()]));
    assert_eq!(outcomes(&snapshot), [Outcome::Applied, with(1), Outcome::Applied]);
    snapshot.promotions[2].stacking.combines = Combines::None;
    assert_eq!(outcomes(&snapshot), [Outcome::Applied, with(1), with(1)]);
}

#[test]
fn limits_times_and_conditions_keep_promotions_from_applying() {
    let snapshot = cart(&[(1000, 2)]);
    let at = |text: &str| Some(text.parse().unwrap());
    let check = |change: &dyn Fn(&mut Promotion), expected: Outcome| {
        let mut snapshot = snapshot.clone();
        let mut promotion = promotion(1, percent("order", 1000));
        change(&mut promotion);
        snapshot.promotions = vec![promotion];
        let priced = price(&snapshot).unwrap();
        assert_eq!(outcome(&priced, 1), expected);
        let discount = if expected == Outcome::Applied { 200 } else { 0 };
        assert_eq!(priced.totals.discount, euro(discount));
    };
    let usage = |used, used_by_customer| Usage {
        limit: Some(2),
        used,
        limit_per_customer: Some(1),
        used_by_customer,
    };
    check(&|promotion| promotion.usage = usage(1, 0), Outcome::Applied);
    check(&|promotion| promotion.usage = usage(2, 0), not(Reason::UsageLimitReached));
    check(&|promotion| promotion.usage = usage(1, 1), not(Reason::CustomerLimitReached));
    check(&|promotion| promotion.schedule.starts_at = at("2026-06-15T12:00:00Z"), Outcome::Applied);
    check(&|promotion| promotion.schedule.starts_at = at("2026-06-15T12:00:01Z"), not(Reason::NotStarted));
    check(&|promotion| promotion.schedule.ends_at = at("2026-06-15T12:00:00Z"), not(Reason::Ended));
    let condition = |value: Value| serde_json::from_value(value).unwrap();
    let subtotal = |amount: i64| json!({"subtotal_at_least": [{"amount": amount, "currency": "EUR"}]});
    check(&|promotion| promotion.condition = condition(subtotal(2000)), Outcome::Applied);
    check(&|promotion| promotion.condition = condition(subtotal(2001)), not(Reason::ConditionNotMet));
    check(&|promotion| promotion.condition = condition(json!({"country": ["DE"]})), Outcome::Applied);
    let two = json!({"quantity_at_least": {"quantity": 2}});
    check(&|promotion| promotion.condition = condition(two.clone()), Outcome::Applied);
    let elsewhere = json!({"percentage": {"level": "order", "bps": 1, "items": {"tags": ["nothing"]}}});
    check(
        &|promotion| promotion.effect = serde_json::from_value(elsewhere.clone()).unwrap(),
        not(Reason::NoMatchingItems),
    );
}

#[test]
fn a_promotion_says_whether_it_applied_only_because_the_order_is_the_first() {
    let mut snapshot = cart(&[(1000, 1)]);
    let mut only_first = |condition: Value, first_order: bool| {
        let condition = serde_json::from_value(condition).unwrap();
        snapshot.customer.first_order = first_order;
        snapshot.promotions = vec![Promotion { condition, ..promotion(1, percent("order", 1000)) }];
        price(&snapshot).unwrap().promotions.first().map(|applied| applied.first_order)
    };
    let first = || json!({"first_order": true});
    assert_eq!(only_first(first(), true), Some(true));
    assert_eq!(only_first(first(), false), None);
    assert_eq!(only_first(json!({"all": [first(), {"country": ["DE"]}]}), true), Some(true));
    assert_eq!(only_first(json!({"any": [first(), {"country": ["DE"]}]}), true), Some(false));
    assert_eq!(only_first(json!({"not": first()}), false), Some(false));
    assert_eq!(only_first(json!({"all": []}), true), Some(false));
}

/// The reasons of all coupons, by code, and the coupon that was used.
fn coupons(snapshot: &PricingSnapshot) -> (Vec<Option<Reason>>, Vec<Option<String>>) {
    let priced = price(snapshot).unwrap();
    let reasons = priced.coupons.iter().map(|coupon| coupon.reason.clone()).collect();
    let codes =
        priced.lines[0].discounts.iter().map(|discount| discount.code.as_ref().map(ToString::to_string));
    let used = priced.promotions.iter().map(|applied| applied.coupon_id);
    assert_eq!(
        used.flatten().count(),
        priced.coupons.iter().filter(|coupon| coupon.reason.is_none()).count()
    );
    (reasons, codes.collect())
}

#[test]
fn a_coupon_switches_its_promotion_on() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.promotions = vec![Promotion { requires_coupon: true, ..promotion(1, percent("order", 1000)) }];
    let priced = price(&snapshot).unwrap();
    assert_eq!((outcome(&priced, 1), priced.totals.discount), (not(Reason::CouponRequired), euro(0)));
    snapshot.coupons = vec![coupon(5, 1, "welcome10")];
    assert_eq!(coupons(&snapshot), (vec![None], vec![Some("WELCOME10".to_owned())]));
    let priced = price(&snapshot).unwrap();
    assert_eq!(priced.promotions[0].coupon_id, Some(id(5)));
    let rule = Rule::Promotion {
        id: id(1),
        name: "promotion 1".to_owned(),
        code: Some("WELCOME10".parse().unwrap()),
    };
    assert_eq!(priced.explanation.steps.last().unwrap().rule, rule);
}

#[test]
fn of_several_coupons_the_first_usable_one_is_used_and_the_others_say_why_not() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.promotions = vec![Promotion { requires_coupon: true, ..promotion(1, percent("order", 1000)) }];
    let at = |text: &str| Some(text.parse().unwrap());
    let mut codes = ["FFF", "EEE", "DDD", "CCC", "BBB", "AAA"]
        .into_iter()
        .zip(1..)
        .map(|(code, n)| coupon(n, 1, code))
        .collect::<Vec<_>>();
    codes[5].schedule.ends_at = at("2026-06-15T12:00:00Z");
    codes[4].schedule.starts_at = at("2026-06-16T12:00:00Z");
    codes[3].usage = Usage { limit: Some(1), used: 1, ..Usage::default() };
    codes[0].promotion_id = id(9);
    snapshot.coupons = codes;
    let expected = vec![
        Some(Reason::Ended),
        Some(Reason::NotStarted),
        Some(Reason::UsageLimitReached),
        None,
        Some(Reason::OtherCouponUsed),
        Some(Reason::PromotionInactive),
    ];
    assert_eq!(coupons(&snapshot), (expected, vec![Some("DDD".to_owned())]));
}

#[test]
fn a_coupon_says_what_keeps_its_promotion_from_applying() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.promotions = vec![Promotion { requires_coupon: true, ..promotion(1, percent("order", 1000)) }];
    snapshot.coupons = vec![coupon(5, 1, "welcome10")];
    snapshot.coupons[0].usage =
        Usage { limit_per_customer: Some(1), used_by_customer: 1, ..Usage::default() };
    assert_eq!(coupons(&snapshot), (vec![Some(Reason::CustomerLimitReached)], vec![]));
    assert_eq!(outcome(&price(&snapshot).unwrap(), 1), not(Reason::CustomerLimitReached));
    snapshot.coupons[0].usage = Usage::default();
    snapshot.promotions[0].condition = serde_json::from_value(json!({"any": []})).unwrap();
    assert_eq!(coupons(&snapshot), (vec![Some(Reason::ConditionNotMet)], vec![]));
    snapshot.promotions[0].condition = crate::promotion::Condition::always();
    snapshot.lines[0].base = Some(BasePrice { amount: euro(0), compare_at: None });
    assert_eq!(coupons(&snapshot), (vec![Some(Reason::NothingToDiscount)], vec![]));
    snapshot.currency = Currency::USD;
    snapshot.lines[0].base =
        Some(BasePrice { amount: Money::new(5, Currency::USD).unwrap(), compare_at: None });
    snapshot.promotions[0].effect = serde_json::from_value(fixed("order", 5)).unwrap();
    assert_eq!(coupons(&snapshot), (vec![Some(Reason::NoAmountInCurrency)], vec![]));
}
