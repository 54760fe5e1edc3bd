//! Orders that are decided in one transaction: each stands or falls on its own.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::{address, filled_cart, order_cart, order_items, stock, stocked};
use crate::admin::{Intruder, make, sql_value, text};

/// Every batch that is under way waits for this product: what is ordered meanwhile waits at the desk, and is decided together.
pub(super) struct Jam {
    intruder: Intruder,
    first: Vec<tokio::task::JoinHandle<TestResponse>>,
}

impl Jam {
    pub async fn begin(app: &TestApp) -> Self {
        let (_, jammed) = stocked(app, "Jam", 500, 100).await;
        let intruder = Intruder::begin(app, "select 1 from stock_level for update").await;
        let mut first = Vec::new();
        for number in 1..=2 {
            first.push(spawn_items(app, &jammed, format!("jam-{number}")));
            intruder.waited_for_by(number).await;
        }
        Self { intruder, first }
    }

    /// Answers of requests that are decided together, once all of them wait.
    pub async fn decide(
        self,
        app: &TestApp,
        together: Vec<tokio::task::JoinHandle<TestResponse>>,
    ) -> Vec<TestResponse> {
        wait_for(app, together.len()).await;
        self.end().await;
        join_all(together).await.into_iter().map(Result::unwrap).collect()
    }

    /// What was first, while it still waits.
    pub fn leave(self) -> Vec<tokio::task::JoinHandle<TestResponse>> {
        self.first
    }

    async fn end(self) {
        self.intruder.finish_when_waited_for("select 1").await;
        for first in join_all(self.first).await {
            let _ = first.unwrap().expect(201);
        }
    }
}

/// Waits until so many orders wait at the desk.
pub(super) async fn wait_for(app: &TestApp, orders: usize) {
    while app.shop.desk.waiting() < orders {
        tokio::task::yield_now().await;
    }
}

pub(super) fn one_of(variant: &str) -> Value {
    json!([{"variant_id": variant, "quantity": 1}])
}

pub(super) fn spawn_items(
    app: &TestApp,
    variant: &str,
    key: String,
) -> tokio::task::JoinHandle<TestResponse> {
    let (app, items) = (app.clone(), one_of(variant));
    tokio::spawn(async move { order_items(&app, items, &key).await })
}

/// Transactions that wrote the orders of one unit of a variant.
async fn transactions(app: &TestApp, cents: i64) -> String {
    sql_value(
        app,
        &format!("select count(distinct xmin::text) || ' of ' || count(*) from orders where total = {cents}"),
    )
    .await
}

#[tokio::test]
async fn of_sixteen_orders_in_one_transaction_one_finds_the_last_unit_gone() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 15).await;
    let jam = Jam::begin(&app).await;
    let together = (0..16).map(|number| spawn_items(&app, &boot, format!("key-{number}"))).collect();
    let answers = jam.decide(&app, together).await;
    let (placed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((placed.len(), refused.len()), (15, 1));
    let refused = refused[0].json();
    assert_eq!((text(&refused, "code"), &refused["available"]), ("insufficient_stock", &json!(0)));
    assert_eq!(refused["shortages"], json!([{"variant_id": boot, "requested": 1, "available": 0}]));
    assert_eq!(transactions(&app, 5400).await, "1 of 15");
    assert_eq!(stock(&app, &boot).await, "15/15/0");
    // Each has its own answer, kept with its own key.
    for (number, first) in answers.iter().enumerate() {
        let again = order_items(&app, one_of(&boot), &format!("key-{number}")).await;
        assert_eq!((again.header("idempotent-replayed"), again.status), ("true", first.status));
        if again.status == 201 {
            assert_eq!(again.bytes, first.bytes);
        }
    }
    app.audit().await;
}

#[tokio::test]
async fn of_a_wave_that_comes_back_the_first_waits_for_the_others() {
    let app = TestApp::with_gathering(Duration::from_mins(1)).await;
    let (_, boot) = stocked(&app, "Boot", 5400, 15).await;
    let wave = |name: &str, size: usize| -> Vec<_> {
        (0..size).map(|number| spawn_items(&app, &boot, format!("{name}-{number}"))).collect()
    };
    let answers = Jam::begin(&app).await.decide(&app, wave("first", 3)).await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    let mut second = wave("second", 1);
    while app.shop.desk.waiting() == 0 {
        assert!(!second[0].is_finished(), "it was decided alone");
        tokio::task::yield_now().await;
    }
    second.extend(wave("third", 2));
    for answer in join_all(second).await {
        let _ = answer.unwrap().expect(201);
    }
    assert_eq!(transactions(&app, 5400).await, "2 of 6");
    app.audit().await;
}

#[tokio::test]
async fn a_cart_that_is_ordered_twice_at_once_becomes_one_order() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 1)]).await;
    let jam = Jam::begin(&app).await;
    let mut together = vec![spawn_items(&app, &boot, "other".to_owned())];
    for number in 0..2 {
        let (app, cart, token) = (app.clone(), cart.clone(), token.clone());
        together.push(tokio::spawn(async move {
            order_cart(&app, &cart, &token, &format!("key-{number}")).await
        }));
    }
    let answers = jam.decide(&app, together).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(matches!(statuses.as_slice(), [201, 201, 409] | [201, 409, 201]), "{statuses:?}");
    let (placed, refused): (Vec<_>, Vec<_>) = answers[1..].iter().partition(|answer| answer.status == 201);
    let refused = refused[0].json();
    assert_eq!(
        (text(&refused, "code"), &refused["order_id"]),
        ("cart_closed", &placed[0].json()["order"]["id"])
    );
    assert_eq!(stock(&app, &boot).await, "5/2/0");
    app.audit().await;
}

#[tokio::test]
async fn a_key_that_is_sent_twice_at_once_makes_one_order() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let jam = Jam::begin(&app).await;
    let first = spawn_items(&app, &boot, "key".to_owned());
    wait_for(&app, 1).await;
    let second = order_items(&app, one_of(&boot), "key").await.expect(409);
    assert_eq!(second.code(), "idempotency_in_progress");
    let answers = jam.decide(&app, vec![first]).await;
    assert_eq!(answers[0].status, 201);
    let again = order_items(&app, one_of(&boot), "key").await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.bytes), ("true", &answers[0].bytes));
    assert_eq!(stock(&app, &boot).await, "5/1/0");
    app.audit().await;
}

#[tokio::test]
async fn a_coupon_with_one_use_left_serves_one_of_two_orders_that_arrive_together() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let half = json!({"name": "Half", "requires_coupon": true, "effect": {"percentage": {"level": "order", "bps": 5_000}}});
    let promotion = make(&app, "/api/admin/promotions", &half).await;
    let coupons = format!("/api/admin/promotions/{}/coupons", text(&promotion, "id"));
    let coupon = json!({"code": "HALF", "usage_limit": 1});
    let _ = app.post(&coupons).admin().json(&coupon).send().await.expect(201);
    let jam = Jam::begin(&app).await;
    let mut together = vec![spawn_items(&app, &boot, "plain".to_owned())];
    for number in 0..2 {
        let app = app.clone();
        let body = json!({"items": one_of(&boot), "email": format!("ada{number}@example.com"), "shipping_address": address(),
            "coupons": ["HALF"], "expected_total": {"amount": 2700, "currency": "EUR"}});
        together.push(tokio::spawn(async move {
            app.post("/api/orders")
                .header("idempotency-key", &format!("key-{number}"))
                .json(&body)
                .send()
                .await
        }));
    }
    let answers = jam.decide(&app, together).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(matches!(statuses.as_slice(), [201, 201, 409] | [201, 409, 201]), "{statuses:?}");
    let used = "select string_agg(used::text, ' ') || ' ' || (select count(*) from redemption where active) from coupon";
    assert_eq!(sql_value(&app, used).await, "1 1");
    assert_eq!(stock(&app, &boot).await, "5/2/0");
    app.audit().await;
}

#[tokio::test]
async fn an_order_whose_client_goes_away_is_placed_once() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let jam = Jam::begin(&app).await;
    let gone = spawn_items(&app, &boot, "key".to_owned());
    wait_for(&app, 1).await;
    gone.abort();
    jam.end().await;
    let again = loop {
        let again = order_items(&app, one_of(&boot), "key").await;
        if again.status != 409 {
            break again;
        }
        // Such an answer waits for nothing: asked for without a pause, it would leave no time for the order itself.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(stock(&app, &boot).await, "5/1/0");
    app.audit().await;
}

#[tokio::test]
async fn orders_whose_batch_fails_are_decided_one_by_one() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    // What no order can be written beside: one order of the batch breaks it for all.
    let unlucky = "alter table orders add constraint unlucky check (email <> 'unlucky@example.com')";
    let _ = crate::admin::sql(&app, unlucky).await;
    let jam = Jam::begin(&app).await;
    let mut together: Vec<_> =
        (0..3).map(|number| spawn_items(&app, &boot, format!("key-{number}"))).collect();
    let body = json!({"items": one_of(&boot), "email": "unlucky@example.com", "shipping_address": address()});
    let other = app.clone();
    together.push(tokio::spawn(async move {
        other.post("/api/orders").header("idempotency-key", "unlucky").json(&body).send().await
    }));
    let answers = jam.decide(&app, together).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [201, 201, 201, 500]);
    assert_eq!(stock(&app, &boot).await, "5/3/0");
    app.audit().await;
}
