//! Orders that reserve: all or nothing, alone or with others in one call.

use tradepost_domain::inventory::Shortage;
use tradepost_store::inventory::Hold;
use tradepost_testkit::Warehouse;
use tradepost_testkit::warehouse::{id, order};

fn short(variant: u64, requested: i64, available: i64) -> Shortage {
    Shortage { variant_id: id(variant), requested, available }
}

#[tokio::test]
async fn two_lines_of_one_variant_are_counted_together() {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1]).await;
    warehouse.put(1, 1, 1).await;
    let twice = |number| [order(number, &[(1, 1), (1, 1)])];
    let refused = warehouse.reserve(&twice(1)).await.unwrap();
    assert_eq!(refused.outcomes, [Err(vec![short(1, 2, 1)])]);
    assert_eq!(refused.moved, []);
    assert_eq!(warehouse.level(1, 1).await, Some((1, 0, 0)));
    warehouse.put(1, 1, 2).await;
    assert_eq!(warehouse.reserve(&twice(2)).await.unwrap().outcomes[0].as_ref().unwrap().len(), 2);
    assert_eq!(warehouse.level(1, 1).await, Some((2, 2, 0)));
    warehouse.put(1, 1, 7).await;
    let more = warehouse.reserve(&[order(3, &[(1, 3), (1, 3)])]).await.unwrap();
    assert_eq!(more.outcomes, [Err(vec![short(1, 6, 5)])]);
    warehouse.database.audit().await;
}

#[tokio::test]
async fn of_orders_in_one_call_a_refused_one_refuses_alone_and_each_has_its_movements() {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1, 2]).await;
    warehouse.put(1, 1, 5).await;
    warehouse.put(2, 1, 1).await;
    let mut paid = order(4, &[(1, 1)]);
    paid.hold = Hold::Allocated;
    let orders = [
        order(1, &[(1, 2)]),
        order(2, &[(1, 1), (2, 2)]),
        order(3, &[(1, 2), (2, 1)]),
        paid,
        order(5, &[(2, 1)]),
    ];
    let reserved = warehouse.reserve(&orders).await.unwrap();
    let fine: Vec<bool> = reserved.outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, false, true, true, false]);
    assert_eq!(reserved.outcomes[1], Err(vec![short(2, 2, 1)]));
    assert_eq!(reserved.outcomes[4], Err(vec![short(2, 1, 0)]));
    assert_eq!(warehouse.level(1, 1).await, Some((5, 4, 1)));
    assert_eq!(warehouse.level(2, 1).await, Some((1, 1, 0)));
    let moved = "select concat_ws(' ', kind, cause_kind, right(cause_id::text, 1), 'of', right(variant_id::text, 1), d_reserved, d_allocated)
                   from stock_movement where kind <> 'received' order by id";
    let mut moved = warehouse.texts(moved).await;
    moved.sort();
    assert_eq!(
        moved,
        [
            "allocated order 4 of 1 0 1",
            "reserved order 1 of 1 2 0",
            "reserved order 3 of 1 2 0",
            "reserved order 3 of 2 1 0"
        ]
    );
    let told: Vec<(i64, i64)> = reserved.moved.iter().map(|level| (level.on_hand, level.available)).collect();
    assert!(told.contains(&(5, 0)) && told.contains(&(1, 0)), "{told:?}");
    warehouse.database.audit().await;
}

#[tokio::test]
async fn a_line_is_split_over_locations_the_default_first() {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1]).await;
    warehouse.put(1, 1, 2).await;
    warehouse.put(1, 2, 4).await;
    let picks = warehouse.reserve(&[order(1, &[(1, 3)])]).await.unwrap().outcomes.remove(0).unwrap();
    let places: Vec<_> = picks.iter().map(|pick| (pick.location_id, pick.quantity)).collect();
    assert_eq!(places, [(id(1), 2), (id(2), 1)]);
    assert_eq!(
        warehouse.reserve(&[order(2, &[(1, 4)])]).await.unwrap().outcomes,
        [Err(vec![short(1, 4, 3)])]
    );
    warehouse.database.audit().await;
}

#[tokio::test]
async fn what_nobody_counts_and_what_is_ordered_back_is_never_short() {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1, 2, 3]).await;
    warehouse.set_flags(1, false, false).await;
    warehouse.set_flags(2, true, true).await;
    let reserved = warehouse.reserve(&[order(1, &[(1, 9), (2, 3)])]).await.unwrap();
    assert_eq!(reserved.outcomes[0].as_ref().unwrap().len(), 1);
    assert_eq!((warehouse.level(1, 1).await, warehouse.level(2, 1).await), (None, Some((0, 3, 0))));
    // No level, and none that exists no longer: neither can be had.
    let refused = warehouse.reserve(&[order(2, &[(3, 1), (9, 1)])]).await.unwrap();
    assert_eq!(refused.outcomes, [Err(vec![short(3, 1, 0), short(9, 1, 0)])]);
    warehouse.database.audit().await;
}

#[tokio::test]
async fn an_order_does_not_reserve_twice_for_the_same_cause() {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1]).await;
    warehouse.put(1, 1, 5).await;
    warehouse.reserve(&[order(1, &[(1, 1)])]).await.unwrap();
    let again = warehouse.reserve(&[order(1, &[(1, 1)])]).await.unwrap_err();
    assert_eq!(again.violated_constraint(), Some("stock_movement_cause_key"));
    assert_eq!(warehouse.level(1, 1).await, Some((5, 1, 0)));
}
