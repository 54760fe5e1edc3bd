//! Two who want the same at once, in an order that the test forces: what one transaction has not committed yet, the other
//! waits for, and then sees.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tradepost_domain::inventory::Shortage;
use tradepost_domain::kernel::ids::{EntityId, OrderId, VariantId};
use tradepost_store::inventory::{Reserved, allocate, release, reserve};
use tradepost_store::{Store, StoreError, StoreSettings, Tx};
use tradepost_testkit::Warehouse;
use tradepost_testkit::warehouse::{at, id, order};

async fn warehouse(on_hand: &[i64]) -> Arc<Warehouse> {
    let warehouse = Warehouse::new().await;
    for (variant, on_hand) in (1..).zip(on_hand) {
        warehouse.add_variants([variant]).await;
        warehouse.put(variant, 1, *on_hand).await;
    }
    Arc::new(warehouse)
}

async fn begin(warehouse: &Warehouse) -> Tx {
    warehouse.database.store.worker().begin("race").await.unwrap()
}

async fn reserve_in(tx: &Tx, warehouse: &Warehouse, number: u64, wants: &[(u64, i64)]) -> Reserved {
    let orders = [order(number, wants)];
    reserve(tx, &orders, (None, at(1)), &mut || warehouse.next_id()).await.unwrap()
}

/// Waits until somebody waits for rows of this test.
async fn until_somebody_waits(warehouse: &Warehouse) {
    let client = warehouse.client().await;
    let waiting = "select count(*) from pg_locks w
                    where not w.granted
                      and w.pid in (select pid from pg_locks
                                     where relation in ('stock_level'::regclass, 'reservation'::regclass))";
    for _ in 0..3_000 {
        if client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waited: the rows are not locked");
}

#[tokio::test]
async fn the_last_unit_goes_to_one_and_the_other_is_told_before_anything_is_paid() {
    let warehouse = warehouse(&[1]).await;
    let first = begin(&warehouse).await;
    assert!(reserve_in(&first, &warehouse, 1, &[(1, 1)]).await.outcomes[0].is_ok());
    let second = tokio::spawn({
        let warehouse = Arc::clone(&warehouse);
        async move { warehouse.reserve(&[order(2, &[(1, 1)])]).await }
    });
    until_somebody_waits(&warehouse).await;
    first.commit().await.unwrap();
    let short = Shortage { variant_id: id(1), requested: 1, available: 0 };
    assert_eq!(second.await.unwrap().unwrap().outcomes, [Err(vec![short])]);
    assert_eq!(warehouse.level(1, 1).await, Some((1, 1, 0)));
    warehouse.database.audit().await;
}

#[tokio::test]
async fn the_last_unit_goes_to_the_second_when_the_first_gives_up() {
    let warehouse = warehouse(&[1]).await;
    let first = begin(&warehouse).await;
    assert!(reserve_in(&first, &warehouse, 1, &[(1, 1)]).await.outcomes[0].is_ok());
    let second = tokio::spawn({
        let warehouse = Arc::clone(&warehouse);
        async move { warehouse.reserve(&[order(2, &[(1, 1)])]).await }
    });
    until_somebody_waits(&warehouse).await;
    drop(first);
    assert!(second.await.unwrap().unwrap().outcomes[0].is_ok());
    warehouse.database.audit().await;
}

#[tokio::test]
async fn of_two_hundred_who_want_one_of_fifty_exactly_fifty_get_it() {
    let warehouse = warehouse(&[50]).await;
    let mut settings = StoreSettings::new(&warehouse.database.url);
    settings.storefront.size = 100;
    // The machine may be busy: what counts is who gets what, not how soon.
    for limit in [
        &mut settings.storefront.acquire_timeout,
        &mut settings.storefront.lock_timeout,
        &mut settings.storefront.statement_timeout,
    ] {
        *limit = Duration::from_mins(1);
    }
    let store = Store::new(&settings).unwrap();
    let barrier = Arc::new(Barrier::new(200));
    let buyers = (1..=200_u64).map(|number| {
        let (warehouse, store, barrier) = (Arc::clone(&warehouse), store.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            let tx = store.storefront().begin("buyer").await?;
            let reserved = reserve_in(&tx, &warehouse, number, &[(1, 1)]).await;
            tx.commit().await?;
            Ok::<bool, StoreError>(reserved.outcomes[0].is_ok())
        })
    });
    let mut sold = 0;
    for buyer in buyers.collect::<Vec<_>>() {
        sold += i64::from(buyer.await.unwrap().unwrap());
    }
    store.close();
    assert_eq!((sold, warehouse.level(1, 1).await), (50, Some((50, 50, 0))));
    assert_eq!(warehouse.texts("select count(*)::text from reservation").await, ["50"]);
    warehouse.database.audit().await;
}

#[tokio::test]
async fn nobody_holds_a_later_variant_while_waiting_for_an_earlier_one() {
    let warehouse = warehouse(&[9, 9]).await;
    let first = begin(&warehouse).await;
    reserve_in(&first, &warehouse, 1, &[(1, 1)]).await;
    let second = tokio::spawn({
        let warehouse = Arc::clone(&warehouse);
        async move { warehouse.reserve(&[order(2, &[(2, 1), (1, 1)])]).await }
    });
    until_somebody_waits(&warehouse).await;
    // Were the second one's lock on variant 2 taken already, this would wait for it, and it for us.
    reserve_in(&first, &warehouse, 3, &[(2, 1)]).await;
    first.commit().await.unwrap();
    assert!(second.await.unwrap().unwrap().outcomes[0].is_ok());

    let first = begin(&warehouse).await;
    reserve_in(&first, &warehouse, 4, &[(1, 1)]).await;
    let second = tokio::spawn({
        let warehouse = Arc::clone(&warehouse);
        async move {
            let tx = begin(&warehouse).await;
            let moved = release(&tx, &[id(2)], None, at(2)).await.unwrap();
            tx.commit().await.unwrap();
            moved
        }
    });
    until_somebody_waits(&warehouse).await;
    reserve_in(&first, &warehouse, 5, &[(2, 1)]).await;
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap().len(), 2);
    warehouse.database.audit().await;
}

#[tokio::test]
async fn two_hundred_carts_of_three_of_five_in_any_order_never_wait_in_a_circle() {
    let warehouse = warehouse(&[1_000; 5]).await;
    let workers = (0..8_u64).map(|worker| {
        let warehouse = Arc::clone(&warehouse);
        tokio::spawn(async move {
            for cart in 0..25_u64 {
                let number = 1 + worker * 25 + cart;
                // Three different variants, beginning anywhere, forwards or backwards.
                let (start, step) = (number * 7 % 5, if number.is_multiple_of(2) { 1 } else { 4 });
                let wants = [0, 1, 2].map(|place| (1 + (start + place * step) % 5, 1));
                let tx = begin(&warehouse).await;
                assert!(reserve_in(&tx, &warehouse, number, &wants).await.outcomes[0].is_ok());
                tx.commit().await.unwrap();
                let tx = begin(&warehouse).await;
                let moved = if cart % 2 == 0 {
                    allocate(&tx, &[id(number)], None, at(2)).await
                } else {
                    release(&tx, &[id(number)], None, at(2)).await
                };
                assert_eq!(moved.unwrap().len(), 3);
                tx.commit().await.unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    warehouse.database.audit().await;
}

#[tokio::test]
async fn of_a_payment_and_the_end_of_a_hold_one_wins() {
    for pays_first in [true, false] {
        let warehouse = warehouse(&[5]).await;
        warehouse.reserve(&[order(1, &[(1, 2)])]).await.unwrap();
        let orders: [OrderId; 1] = [id(1)];
        let first = begin(&warehouse).await;
        let moved = if pays_first {
            allocate(&first, &orders, None, at(2)).await
        } else {
            release(&first, &orders, None, at(2)).await
        };
        assert_eq!(moved.unwrap().len(), 1);
        let second = tokio::spawn({
            let warehouse = Arc::clone(&warehouse);
            async move {
                let tx = begin(&warehouse).await;
                let moved = if pays_first {
                    release(&tx, &orders, None, at(3)).await
                } else {
                    allocate(&tx, &orders, None, at(3)).await
                };
                tx.commit().await.unwrap();
                moved.unwrap()
            }
        });
        until_somebody_waits(&warehouse).await;
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), []);
        let left = if pays_first { (5, 0, 2) } else { (5, 0, 0) };
        assert_eq!(warehouse.level(1, 1).await, Some(left));
        warehouse.database.audit().await;
    }
}

#[tokio::test]
async fn a_product_is_not_deleted_under_an_order_that_is_being_placed() {
    let warehouse = warehouse(&[5]).await;
    let first = begin(&warehouse).await;
    reserve_in(&first, &warehouse, 1, &[(1, 1)]).await;
    let second = tokio::spawn({
        let client = warehouse.client().await;
        async move { client.execute("delete from product where id = $1", &[&id::<VariantId>(1).as_uuid()]).await }
    });
    until_somebody_waits(&warehouse).await;
    first.commit().await.unwrap();
    let error = second.await.unwrap().unwrap_err();
    assert_eq!(error.as_db_error().unwrap().constraint(), Some("stock_level_promised"));
    warehouse.database.audit().await;
}
