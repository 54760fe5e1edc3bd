//! Limits of promotions and coupons hold whoever comes at the same moment (cases C52 and C54).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tradepost_domain::kernel::ids::{CouponId, EntityId, OrderId, PromotionId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_store::pricing::coupon::{self, CouponRow};
use tradepost_store::pricing::redemption::{Redeemed, Redemption, redeem, release};
use tradepost_store::pricing::rule::{self, PROMOTION, RuleRow};
use tradepost_store::{StoreError, Tx};
use tradepost_testkit::TestDatabase;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn id<T: EntityId>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(number))
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A use of promotion `promotion` by order `order`, with its coupon where one is meant.
fn used(order: u128, promotion: u128, with_coupon: bool) -> Redemption {
    Redemption {
        id: Uuid::from_u128(order * 1000 + promotion),
        promotion_id: id(promotion),
        coupon_id: with_coupon.then(|| id(promotion + 100)),
        amount: Money::new(100, Currency::EUR).unwrap(),
        first_order: false,
    }
}

async fn promotion(tx: &Tx, number: u128, limit: Option<u32>, per_customer: Option<u32>) {
    let definition = json!({"active": true, "requires_coupon": false, "usage_limit": limit,
        "limit_per_customer": per_customer});
    let row = RuleRow {
        id: Uuid::from_u128(number),
        handle: format!("p{number}"),
        name: format!("p{number}"),
        definition,
        used: 0,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    rule::insert(tx, PROMOTION, &row).await.unwrap();
}

async fn make_coupon(tx: &Tx, number: u128, limit: Option<i32>) {
    let id: CouponId = id(number + 100);
    let row = CouponRow {
        id,
        promotion_id: PromotionId::from_uuid(Uuid::from_u128(number)),
        code: format!("CODE{number}").parse().unwrap(),
        usage_limit: limit,
        limit_per_customer: None,
        used: 0,
        starts_at: None,
        ends_at: None,
        version: 1,
        created_at: NOW,
    };
    assert_eq!(coupon::insert(tx, &[(id, row.code.clone())], &row).await.unwrap(), [id]);
}

async fn begin(database: &TestDatabase) -> Tx {
    database.store.admin().begin("redeem").await.unwrap()
}

async fn place(tx: &Tx, order: u128, uses: &[Redemption], customer: &[&str]) -> Result<Redeemed, StoreError> {
    redeem(tx, id::<OrderId>(order), (uses, &keys(customer)), NOW).await
}

/// Waits until somebody in the database waits for a lock: the second of two is then where the first one blocks it.
async fn somebody_waits(database: &TestDatabase) {
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let text = "select count(*) from pg_locks l join pg_class c on c.oid = l.relation
                 where not l.granted or exists (select from pg_stat_activity a
                                                 where a.pid = l.pid and a.wait_event_type = 'Lock'
                                                   and c.relnamespace = current_schema::regnamespace)";
    loop {
        let waiting: i64 = client.query_one(text, &[]).await.unwrap().get(0);
        if waiting > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Of two orders that want the last use, the first one holds it while the second asks; then the first commits.
async fn second_of_two(
    database: &TestDatabase,
    first: (&[Redemption], &[&str]),
    second: (Vec<Redemption>, Vec<&'static str>),
) -> Redeemed {
    let one = begin(database).await;
    assert_eq!(place(&one, 1, first.0, first.1).await.unwrap(), Redeemed::All);
    let other = begin(database).await;
    let waiting = tokio::spawn(async move {
        let outcome = place(&other, 2, &second.0, &second.1).await.unwrap();
        if outcome == Redeemed::All {
            other.commit().await.unwrap();
        }
        outcome
    });
    somebody_waits(database).await;
    one.commit().await.unwrap();
    waiting.await.unwrap()
}

#[tokio::test]
async fn of_two_orders_that_want_the_last_use_of_a_promotion_one_gets_it() {
    let database = TestDatabase::new().await;
    let tx = begin(&database).await;
    promotion(&tx, 7, Some(1), None).await;
    tx.commit().await.unwrap();
    let second = (vec![used(2, 7, false)], vec!["b"]);
    let outcome = second_of_two(&database, (&[used(1, 7, false)], &["a"]), second).await;
    assert_eq!(outcome, Redeemed::PromotionsUsedUp(vec![id(7)]));
    database.audit().await;
}

#[tokio::test]
async fn of_two_orders_that_want_the_last_use_of_a_coupon_one_gets_it() {
    let database = TestDatabase::new().await;
    let tx = begin(&database).await;
    promotion(&tx, 7, None, None).await;
    make_coupon(&tx, 7, Some(1)).await;
    tx.commit().await.unwrap();
    let second = (vec![used(2, 7, true)], vec!["b"]);
    let outcome = second_of_two(&database, (&[used(1, 7, true)], &["a"]), second).await;
    assert_eq!(outcome, Redeemed::CouponsUsedUp(vec![id(107)]));
    database.audit().await;
}

#[tokio::test]
async fn a_customer_who_orders_twice_at_once_passes_no_limit_under_any_name() {
    let database = TestDatabase::new().await;
    let tx = begin(&database).await;
    promotion(&tx, 7, None, Some(1)).await;
    tx.commit().await.unwrap();
    // Signed in, and as a guest with the same mailbox.
    let second = (vec![used(2, 7, false)], vec!["mail"]);
    let outcome = second_of_two(&database, (&[used(1, 7, false)], &["account", "mail"]), second).await;
    assert_eq!(outcome, Redeemed::CustomerLimit);
    database.audit().await;
    let tx = begin(&database).await;
    assert_eq!(place(&tx, 3, &[used(3, 7, false)], &["other"]).await.unwrap(), Redeemed::All);
}

#[tokio::test]
async fn an_order_that_comes_to_nothing_uses_nothing() {
    let database = TestDatabase::new().await;
    let tx = begin(&database).await;
    promotion(&tx, 7, Some(1), Some(1)).await;
    promotion(&tx, 8, Some(5), None).await;
    tx.commit().await.unwrap();
    let given_up = begin(&database).await;
    let both = [used(1, 7, false), used(1, 8, false)];
    assert_eq!(place(&given_up, 1, &both, &["a"]).await.unwrap(), Redeemed::All);
    drop(given_up);
    let tx = begin(&database).await;
    assert_eq!(place(&tx, 2, &both, &["a"]).await.unwrap(), Redeemed::All);
    tx.commit().await.unwrap();
    database.audit().await;
}

#[tokio::test]
async fn a_canceled_order_gives_its_uses_back_once() {
    let database = TestDatabase::new().await;
    let tx = begin(&database).await;
    promotion(&tx, 7, Some(1), Some(1)).await;
    promotion(&tx, 8, None, None).await;
    make_coupon(&tx, 7, Some(1)).await;
    assert_eq!(
        place(&tx, 1, &[used(1, 7, true), used(1, 8, false)], &["a", "b", "a"]).await.unwrap(),
        Redeemed::All
    );
    tx.commit().await.unwrap();
    database.audit().await;
    let tx = begin(&database).await;
    assert_eq!(release(&tx, id(1), NOW).await.unwrap(), 2);
    assert_eq!(release(&tx, id(1), NOW).await.unwrap(), 0);
    assert_eq!(release(&tx, id(99), NOW).await.unwrap(), 0);
    tx.commit().await.unwrap();
    database.audit().await;
    let tx = begin(&database).await;
    assert_eq!(place(&tx, 2, &[used(2, 7, true)], &["a"]).await.unwrap(), Redeemed::All);
    tx.commit().await.unwrap();
    database.audit().await;
}

#[tokio::test]
async fn a_counter_that_lies_is_found() {
    let database = TestDatabase::new().await;
    let tx = begin(&database).await;
    promotion(&tx, 7, None, None).await;
    make_coupon(&tx, 7, None).await;
    assert_eq!(place(&tx, 1, &[used(1, 7, true)], &["a"]).await.unwrap(), Redeemed::All);
    tx.commit().await.unwrap();
    database.audit().await;
    let one_more = "insert into redemption (id, order_id, promotion_id, coupon_id, customer_keys, amount, currency, created_at)
                    select gen_random_uuid(), gen_random_uuid(), promotion_id, coupon_id, customer_keys, amount, currency,
                           created_at
                      from redemption";
    for (rule, text) in [
        ("promotion_counter", "update promotion set used = used + 1"),
        ("promotion_counter", "update redemption set active = false, released_at = now()"),
        ("coupon_counter", "update coupon set usage_limit = null, used = used + 1"),
        ("coupon_counter", "update redemption set coupon_id = null"),
        ("coupon_over", one_more),
        ("customer_counter", "update customer_usage set used = used + 1"),
        ("customer_counter", "delete from customer_usage where subject_id in (select id from coupon)"),
        ("customer_counter", "update redemption set customer_keys = '{b}'"),
    ] {
        let broken = database.broken_after(&["update coupon set usage_limit = 1", text], NOW).await;
        assert!(broken.iter().any(|broken| broken == rule), "{rule}: {text}: {broken:?}");
    }
}
