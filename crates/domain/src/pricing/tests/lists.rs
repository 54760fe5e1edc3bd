//! Price lists: which one sets the price.

use super::shop::*;
use crate::kernel::{Currency, Money, Quantity};
use crate::pricing::*;
use crate::promotion::Schedule;

fn list(number: u128, priority: i32, prices: &[(u128, u32, i64)]) -> PriceList {
    let price = |(variant, min_quantity, amount): &(u128, u32, i64)| PriceListPrice {
        variant_id: id(*variant),
        min_quantity: Quantity::new(*min_quantity).unwrap(),
        amount: euro(*amount),
    };
    PriceList {
        id: id(number),
        name: format!("list {number}"),
        priority,
        channel_ids: vec![],
        customer_group_ids: vec![],
        schedule: Schedule::default(),
        prices: prices.iter().map(price).collect(),
    }
}

fn unit_prices(snapshot: &PricingSnapshot) -> Vec<i64> {
    price(snapshot).unwrap().lines.iter().map(|line| line.unit_price.amount()).collect()
}

fn list_outcomes(snapshot: &PricingSnapshot) -> Vec<Outcome> {
    let steps = price(snapshot).unwrap().explanation.steps;
    let lists = steps.into_iter().filter(|step| matches!(step.rule, Rule::PriceList { .. }));
    lists.map(|step| step.outcome).collect()
}

#[test]
fn the_highest_tier_that_is_reached_sets_the_price() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.price_lists = vec![list(1, 0, &[(1, 5, 800), (1, 2, 900), (1, 10, 700)])];
    for (quantity, expected) in [(1, 1000), (2, 900), (4, 900), (5, 800), (9, 800), (10, 700), (11, 700)] {
        snapshot.lines[0].quantity = Quantity::new(quantity).unwrap();
        assert_eq!(unit_prices(&snapshot), [expected], "{quantity}");
    }
}

#[test]
fn tiers_count_the_units_of_a_variant_on_all_its_lines() {
    let mut snapshot = cart(&[(1000, 3), (1000, 2), (1000, 1)]);
    snapshot.lines[1].item.variant_id = id(1);
    snapshot.price_lists = vec![list(1, 0, &[(1, 5, 800)])];
    assert_eq!(unit_prices(&snapshot), [800, 800, 1000]);
}

#[test]
fn priority_decides_between_lists_and_then_the_smaller_id() {
    let mut snapshot = cart(&[(1000, 1), (1000, 1)]);
    snapshot.price_lists = vec![
        list(3, 5, &[(1, 1, 300)]),
        list(2, 5, &[(1, 1, 200)]),
        list(1, 4, &[(1, 1, 100), (2, 1, 1500)]),
    ];
    let priced = price(&snapshot).unwrap();
    assert_eq!(unit_prices(&snapshot), [200, 1500]);
    assert_eq!([priced.lines[0].price_list_id, priced.lines[1].price_list_id], [Some(id(2)), Some(id(1))]);
    assert_eq!([priced.lines[0].compare_at, priced.lines[1].compare_at], [Some(euro(1000)), None]);
    let no_line = Outcome::NotApplied(Reason::NoLine);
    assert_eq!(list_outcomes(&snapshot), [Outcome::Applied, no_line.clone(), Outcome::Applied]);
    assert_eq!(priced.explanation.steps[0].outcome, no_line);
    let set: Vec<i64> = priced.explanation.steps[..4].iter().map(|step| step.total.amount()).collect();
    assert_eq!(set, [0, 200, 0, 1500]);
}

#[test]
fn a_list_applies_in_its_channels_to_its_groups_in_its_time_and_currency() {
    let mut snapshot = cart(&[(1000, 1)]);
    let at = |text: &str| Some(text.parse().unwrap());
    let plain = list(1, 0, &[(1, 1, 500)]);
    let mut check = |change: &dyn Fn(&mut PriceList), expected: Option<Reason>| {
        let mut list = plain.clone();
        change(&mut list);
        snapshot.customer.group_ids = vec![id(4)];
        // A list without a price for the line holds as well.
        let group_ids = &snapshot.customer.group_ids;
        let setting =
            Setting { group_ids, ..Setting::of_guest(snapshot.channel, snapshot.currency, snapshot.now) };
        assert_eq!(list.holds(&setting), matches!(expected, None | Some(Reason::NoLine)));
        snapshot.price_lists = vec![list];
        let outcome = expected.clone().map_or(Outcome::Applied, Outcome::NotApplied);
        assert_eq!(list_outcomes(&snapshot), [outcome]);
        assert_eq!(unit_prices(&snapshot), [if expected.is_none() { 500 } else { 1000 }]);
    };
    check(&|_| {}, None);
    check(&|list| list.channel_ids = vec![id(2), id(1)], None);
    check(&|list| list.channel_ids = vec![id(2)], Some(Reason::OtherChannel));
    check(&|list| list.customer_group_ids = vec![id(4), id(5)], None);
    check(&|list| list.customer_group_ids = vec![id(5)], Some(Reason::OtherCustomerGroup));
    check(&|list| list.schedule.starts_at = at("2026-06-15T12:00:00Z"), None);
    check(&|list| list.schedule.starts_at = at("2026-06-15T12:00:01Z"), Some(Reason::NotStarted));
    check(&|list| list.schedule.ends_at = at("2026-06-15T12:00:01Z"), None);
    check(&|list| list.schedule.ends_at = at("2026-06-15T12:00:00Z"), Some(Reason::Ended));
    check(&|list| list.prices[0].amount = Money::new(500, Currency::USD).unwrap(), Some(Reason::NoLine));
    check(&|list| list.prices[0].variant_id = id(2), Some(Reason::NoLine));
}

#[test]
fn a_list_can_price_what_has_no_price_of_its_own() {
    let mut snapshot = cart(&[(1000, 1)]);
    snapshot.lines[0].base = None;
    snapshot.price_lists = vec![list(1, 0, &[(1, 1, 700)])];
    let priced = price(&snapshot).unwrap();
    assert_eq!((priced.lines[0].unit_price, priced.lines[0].compare_at), (euro(700), None));
}

#[test]
fn a_price_is_shown_against_a_higher_one_only() {
    let mut snapshot = cart(&[(1000, 1)]);
    for (compare_at, expected) in
        [(Some(1500), Some(1500)), (Some(1000), None), (Some(900), None), (None, None)]
    {
        snapshot.lines[0].base = Some(BasePrice { amount: euro(1000), compare_at: compare_at.map(euro) });
        assert_eq!(price(&snapshot).unwrap().lines[0].compare_at, expected.map(euro));
    }
}

#[test]
fn a_price_of_a_list_is_shown_against_the_higher_of_the_variants_two() {
    for (compare_at, listed, expected) in [
        (None, 800, Some(1000)),
        (Some(1500), 800, Some(1500)),
        (Some(900), 800, Some(1000)),
        (Some(900), 950, Some(1000)),
        (None, 1000, None),
        (None, 1100, None),
        (Some(1500), 1100, Some(1500)),
    ] {
        let mut snapshot = cart(&[(1000, 1)]);
        snapshot.lines[0].base = Some(BasePrice { amount: euro(1000), compare_at: compare_at.map(euro) });
        snapshot.price_lists = vec![list(1, 0, &[(1, 1, listed)])];
        let priced = price(&snapshot).unwrap();
        assert_eq!(unit_prices(&snapshot), [listed]);
        assert_eq!(priced.lines[0].compare_at, expected.map(euro), "{compare_at:?} {listed}");
    }
}

#[test]
fn a_guest_is_shown_what_a_guest_pays_for_one() {
    let mut snapshot = cart(&[(1000, 1), (1000, 1), (1000, 1)]);
    snapshot.price_lists =
        vec![list(1, 0, &[(1, 1, 900), (2, 5, 800)]), list(2, 9, &[(3, 1, 700)]), list(3, 1, &[(1, 1, 850)])];
    snapshot.price_lists[1].customer_group_ids = vec![id(4)];
    let shown = |snapshot: &PricingSnapshot| -> Vec<UnitPrice> {
        let setting = Setting::of_guest(snapshot.channel, snapshot.currency, snapshot.now);
        let lists = AskedLists::new(&snapshot.price_lists, &setting);
        let unit = |line: &PricingLine| lists.unit_price(line.item.variant_id, 1, line.base).unwrap();
        snapshot.lines.iter().map(unit).collect()
    };
    let amounts = |prices: &[UnitPrice]| prices.iter().map(|price| price.amount.amount()).collect::<Vec<_>>();
    assert_eq!(amounts(&shown(&snapshot)), [850, 1000, 1000]);
    assert_eq!(unit_prices(&snapshot), [850, 1000, 1000]);
    snapshot.customer.group_ids = vec![id(4)];
    assert_eq!(
        unit_prices(&snapshot),
        [850, 1000, 700],
        "one of the group pays less than everybody is shown"
    );
    assert_eq!(amounts(&shown(&snapshot)), [850, 1000, 1000]);
}
