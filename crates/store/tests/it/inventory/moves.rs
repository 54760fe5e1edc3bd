//! What becomes of a hold: it runs out, is paid, canceled, shipped, and comes back.

use tradepost_domain::inventory::{PackRefusal, PackWant};
use tradepost_domain::kernel::ids::OrderId;
use tradepost_store::inventory::{
    Cause, MovedLevel, ReturnedLine, ShipFrom, allocate, deallocate, expired, extend, release, restock, ship,
};
use tradepost_store::{StoreError, Tx};
use tradepost_testkit::Warehouse;
use tradepost_testkit::warehouse::{at, id, order};

async fn begin(warehouse: &Warehouse) -> Tx {
    warehouse.database.store.storefront().begin("test").await.unwrap()
}

async fn stocked() -> Warehouse {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1, 2]).await;
    warehouse.put(1, 1, 10).await;
    warehouse.put(2, 1, 10).await;
    let orders = [order(1, &[(1, 5), (2, 1)]), order(2, &[(1, 2)])];
    assert!(warehouse.reserve(&orders).await.unwrap().outcomes.iter().all(Result::is_ok));
    warehouse
}

/// Ships units of the lines of order 1 from a location.
async fn ship_lines(
    warehouse: &Warehouse,
    location: u64,
    lines: &[(u64, i64)],
    cause: u64,
) -> Result<Result<Vec<MovedLevel>, Vec<PackRefusal>>, StoreError> {
    let tx = begin(warehouse).await;
    let lines: Vec<PackWant> = lines
        .iter()
        .map(|(line, quantity)| PackWant { order_line_id: id(*line), quantity: *quantity })
        .collect();
    let what = ShipFrom { order_id: id(1), location_id: id(location), lines: &lines };
    let cause = Cause::new("fulfillment", uuid::Uuid::from_u128(u128::from(cause)));
    let shipped = ship(&tx, what, (&cause, at(5)), &mut || warehouse.next_id()).await?;
    tx.commit().await?;
    Ok(shipped)
}

#[tokio::test]
async fn a_hold_is_let_go_once() {
    let warehouse = stocked().await;
    let orders: [OrderId; 2] = [id(1), id(2)];
    let tx = begin(&warehouse).await;
    let moved = release(&tx, &orders, None, at(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(moved.len(), 2);
    assert_eq!(warehouse.level(1, 1).await, Some((10, 0, 0)));
    let tx = begin(&warehouse).await;
    assert_eq!(release(&tx, &orders, None, at(3)).await.unwrap(), []);
    assert_eq!(allocate(&tx, &orders, None, at(3)).await.unwrap(), []);
    tx.commit().await.unwrap();
    warehouse.database.audit().await;
    let told = "select concat_ws(' ', kind, right(cause_id::text, 1), d_reserved) from stock_movement
                 where variant_id::text like '%1' and kind <> 'received' order by kind, cause_id";
    assert_eq!(
        warehouse.texts(told).await,
        ["released 1 -5", "released 2 -2", "reserved 1 5", "reserved 2 2"]
    );
}

#[tokio::test]
async fn a_paid_order_owns_its_units_and_a_canceled_one_gives_them_back() {
    let warehouse = stocked().await;
    let tx = begin(&warehouse).await;
    let moved = allocate(&tx, &[id(1)], None, at(2)).await.unwrap();
    assert_eq!(release(&tx, &[id(1)], None, at(2)).await.unwrap(), [], "what is paid does not run out");
    tx.commit().await.unwrap();
    assert_eq!((moved.len(), warehouse.level(1, 1).await), (2, Some((10, 2, 5))));
    warehouse.database.audit().await;
    let tx = begin(&warehouse).await;
    let cause = Cause {
        note: Some("changed her mind".to_owned()),
        ..Cause::new("cancellation", warehouse.next_id())
    };
    deallocate(&tx, &[id(1)], Some(&cause), at(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(warehouse.level(1, 1).await, Some((10, 2, 0)));
    warehouse.database.audit().await;
}

#[tokio::test]
async fn an_order_leaves_in_parts_and_what_comes_back_can_be_sold_again() {
    let warehouse = stocked().await;
    let refused = PackRefusal::NotAllocated { order_line_id: id(100), requested: 2, allocated: 0 };
    assert_eq!(ship_lines(&warehouse, 1, &[(100, 2)], 900).await.unwrap(), Err(vec![refused]), "not paid");
    let tx = begin(&warehouse).await;
    allocate(&tx, &[id(1)], None, at(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(ship_lines(&warehouse, 2, &[(100, 2)], 900).await.unwrap().is_err(), "it lies elsewhere");
    assert!(ship_lines(&warehouse, 1, &[(100, 2), (101, 2)], 900).await.unwrap().is_err(), "all or none");
    assert_eq!(warehouse.level(1, 1).await, Some((10, 2, 5)));
    ship_lines(&warehouse, 1, &[(100, 2)], 900).await.unwrap().unwrap();
    assert_eq!(warehouse.level(1, 1).await, Some((8, 2, 3)));
    warehouse.database.audit().await;
    let twice = ship_lines(&warehouse, 1, &[(100, 1)], 900).await.unwrap_err();
    assert_eq!(twice.violated_constraint(), Some("stock_movement_cause_key"), "a fulfillment leaves once");
    ship_lines(&warehouse, 1, &[(100, 3), (101, 1)], 901).await.unwrap().unwrap();
    assert_eq!(warehouse.level(1, 1).await, Some((5, 2, 0)));
    let tx = begin(&warehouse).await;
    let cause = Cause::new("refund", warehouse.next_id());
    let lines = [(1, 2), (1, 1), (2, 1)]
        .map(|(variant, quantity)| ReturnedLine { variant_id: id(variant), quantity });
    let moved = restock(&tx, id(2), &lines, (&cause, at(9)), &mut || warehouse.next_id()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((moved.len(), warehouse.level(1, 2).await), (2, Some((3, 0, 0))));
    warehouse.database.audit().await;
    let tx = begin(&warehouse).await;
    let again = restock(&tx, id(2), &lines, (&cause, at(9)), &mut || warehouse.next_id()).await.unwrap_err();
    assert_eq!(again.violated_constraint(), Some("stock_movement_cause_key"), "a refund restocks once");
}

#[tokio::test]
async fn what_was_ordered_back_does_not_leave_before_it_has_come() {
    let warehouse = stocked().await;
    warehouse.set_flags(2, true, true).await;
    let tx = begin(&warehouse).await;
    allocate(&tx, &[id(1)], None, at(2)).await.unwrap();
    tx.commit().await.unwrap();
    warehouse.put(2, 1, 0).await;
    let refused = PackRefusal::NotOnHand { variant_id: id(2), requested: 1, on_hand: 0 };
    assert_eq!(ship_lines(&warehouse, 1, &[(101, 1)], 900).await.unwrap(), Err(vec![refused]));
    warehouse.put(2, 1, 1).await;
    ship_lines(&warehouse, 1, &[(101, 1)], 900).await.unwrap().unwrap();
    assert_eq!(warehouse.level(2, 1).await, Some((0, 0, 0)));
    warehouse.database.audit().await;
}

#[tokio::test]
async fn holds_run_out_unless_they_are_extended_or_paid() {
    let warehouse = stocked().await;
    let conn = warehouse.database.store.worker().conn().await.unwrap();
    assert_eq!(expired(&conn, at(59), 10).await.unwrap(), []);
    assert_eq!(expired(&conn, at(60), 10).await.unwrap(), [id(1), id(2)]);
    let tx = begin(&warehouse).await;
    assert!(extend(&tx, id(1), Some(at(90)), at(30)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(expired(&conn, at(60), 10).await.unwrap(), [id(2)]);
    let tx = begin(&warehouse).await;
    allocate(&tx, &[id(2)], None, at(50)).await.unwrap();
    assert!(!extend(&tx, id(2), None, at(50)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(expired(&conn, at(60), 10).await.unwrap(), []);
    assert_eq!(expired(&conn, at(90), 10).await.unwrap(), [id(1)]);
}
