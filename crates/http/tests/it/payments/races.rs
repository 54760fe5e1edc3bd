//! Ten clicks at once: one order, one charge.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tradepost_fakestripe::DeliveryPlan;
use tradepost_testkit::{StripeShop, TestResponse};

use super::assert_paid_once;
use crate::admin::{Intruder, sql, sql_value, text};
use crate::checkout::{confirm, filled_cart, order_cart, order_items, stock, stocked};

/// Checks that of ten answers all that made something made the same, and that the others say why they did not.
async fn assert_one_order(shop: &StripeShop, answers: Vec<TestResponse>, refusals: &[&str]) -> Value {
    let mut placed: Vec<Value> = Vec::new();
    for answer in answers {
        match answer.status.as_u16() {
            201 => placed.push(answer.json()),
            409 => assert!(refusals.contains(&answer.code().as_str()), "{}", answer.json()),
            other => panic!("{other}: {}", answer.json()),
        }
    }
    let ids: BTreeSet<&str> = placed.iter().map(|placed| text(&placed["order"], "id")).collect();
    assert_eq!((ids.len(), sql_value(&shop.app, "select count(*) from orders").await), (1, "1".to_owned()));
    assert_eq!(shop.stripe.intents().len(), 1);
    placed.swap_remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_requests_for_one_cart_make_one_order_with_one_key_or_with_ten() {
    for same_key in [true, false] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
        let (cart, token) = filled_cart(&shop.app, &[(&boot, 1)]).await;
        let requests = (0..10).map(|number| {
            let (app, cart, token) = (shop.app.clone(), cart.clone(), token.clone());
            let key = if same_key { "key".to_owned() } else { format!("key-{number}") };
            tokio::spawn(async move { order_cart(&app, &cart, &token, &key).await })
        });
        let requests: Vec<_> = requests.collect();
        let mut answers = Vec::new();
        for request in requests {
            answers.push(request.await.unwrap());
        }
        let refusals = if same_key { ["idempotency_in_progress"] } else { ["cart_closed"] };
        let placed = assert_one_order(&shop, answers, &refusals).await;
        assert_eq!(stock(&shop.app, &boot).await, "50/1/0");
        let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_requests_for_the_same_items_under_one_key_make_one_order() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let requests = (0..10).map(|_| {
        let (app, boot) = (shop.app.clone(), boot.clone());
        tokio::spawn(
            async move { order_items(&app, json!([{"variant_id": boot, "quantity": 1}]), "key").await },
        )
    });
    let requests: Vec<_> = requests.collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    assert_one_order(&shop, answers, &["idempotency_in_progress"]).await;
    assert_eq!(stock(&shop.app, &boot).await, "50/1/0");
    shop.app.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_confirmations_at_once_charge_once() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let placed = super::place(&shop.app, &boot, "key").await;
    let requests = (0..10).map(|_| {
        let (app, placed) = (shop.app.clone(), placed.clone());
        tokio::spawn(async move { confirm(&app, &placed, &json!({"payment_method": "pm_card_visa"})).await })
    });
    let requests: Vec<_> = requests.collect();
    for request in requests {
        let answer = request.await.unwrap();
        assert!(matches!(answer.status.as_u16(), 200 | 409), "{}", answer.json());
    }
    assert_paid_once(&shop, &placed).await;
}

/// Case C05: both have seen the last unit when they come to take it; one is told before anything is charged.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_both_saw_the_last_unit_one_is_refused_before_stripe_hears_of_it() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let intruder = Intruder::begin(&shop.app, "select 1 from stock_level for no key update").await;
    let mut orders = Vec::new();
    for (number, key) in [(1, "one"), (2, "two")] {
        let (app, items) = (shop.app.clone(), json!([{"variant_id": boot, "quantity": 1}]));
        orders.push(tokio::spawn(async move { order_items(&app, items, key).await }));
        // Each in a transaction of its own.
        intruder.wait_until_waited_for_by(number).await;
    }
    intruder.finish("select 1").await;
    let mut placed = Vec::new();
    for order in orders {
        let answer = order.await.unwrap();
        match answer.status.as_u16() {
            201 => placed.push(answer.json()),
            409 => assert_eq!(
                (answer.code(), &answer.json()["available"]),
                ("insufficient_stock".to_owned(), &json!(0))
            ),
            other => panic!("{other}: {}", answer.json()),
        }
    }
    assert_eq!((placed.len(), shop.stripe.intents().len()), (1, 1));
    // Case C37: of the order that was rolled back nobody was told.
    let told = "select concat_ws('/', (select count(*) from outbox where type = 'order.placed'), (select count(*) from orders))";
    assert_eq!(sql_value(&shop.app, told).await, "1/1");
    let _ = confirm(&shop.app, &placed[0], &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    assert_eq!(stock(&shop.app, &boot).await, "1/0/1");
    assert_paid_once(&shop, &placed[0]).await;
}

/// Case C17: the answer of the confirmation and the webhook of the same payment are written down at the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confirmation_and_its_webhook_at_once_pay_an_order_once() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let placed = super::place(&shop.app, &boot, "key").await;
    super::gate(&shop.app, "payment_attempt", "new.status = 'captured'").await;
    let gate = super::close_gate(&shop.app).await;
    let confirming = tokio::spawn({
        let (app, placed) = (shop.app.clone(), placed.clone());
        async move { confirm(&app, &placed, &json!({"payment_method": "pm_card_visa"})).await }
    });
    gate.wait_until_waited_for_by(1).await;
    shop.deliver(DeliveryPlan::Twice).await;
    let worker = super::inbox_worker(&shop.app);
    gate.wait_until_waited_for_by(2).await;
    gate.finish("select 1").await;
    assert_eq!(text(&confirming.await.unwrap().expect(200).json(), "status"), "succeeded");
    let _ = worker.await.unwrap();
    let left = "select count(*) from webhook_inbox where state <> 'done'";
    assert_eq!(sql_value(&shop.app, left).await, "0", "nothing had to be tried again");
    assert_paid_once(&shop, &placed).await;
}

/// Case C17, without a hand in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn confirmations_and_webhooks_in_any_order_pay_every_order_once() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    for round in 0..20 {
        let placed = super::place(&shop.app, &boot, &format!("key-{round}")).await;
        let body = json!({"payment_method": "pm_card_visa"});
        let told = async {
            shop.deliver(DeliveryPlan::Once).await;
            let worker = super::inbox_worker(&shop.app);
            shop.deliver(DeliveryPlan::Once).await;
            worker.await.unwrap()
        };
        let (confirmed, _) = tokio::join!(confirm(&shop.app, &placed, &body), told);
        let _ = confirmed.expect(200);
        shop.deliver(DeliveryPlan::Once).await;
        shop.work_inbox().await;
        assert_paid_once(&shop, &placed).await;
    }
}

/// Case C23: repeats under one key while the first is at work are told to wait, and all are given one answer after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn repeats_under_a_key_that_is_at_work_wait_and_are_answered_alike() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let items = json!([{"variant_id": boot, "quantity": 1}]);
    let intruder = Intruder::begin(&shop.app, "select 1 from stock_level for no key update").await;
    let first = tokio::spawn({
        let (app, items) = (shop.app.clone(), items.clone());
        async move { order_items(&app, items, "key").await }
    });
    intruder.wait_until_waited_for_by(1).await;
    for _ in 0..9 {
        let busy = order_items(&shop.app, items.clone(), "key").await.expect(409);
        assert_eq!((busy.code().as_str(), busy.header("retry-after")), ("idempotency_in_progress", "1"));
    }
    intruder.finish("select 1").await;
    let placed = first.await.unwrap().expect(201);
    for _ in 0..9 {
        let again = order_items(&shop.app, items.clone(), "key").await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), &again.bytes), ("true", &placed.bytes));
    }
    let other = order_items(&shop.app, json!([{"variant_id": boot, "quantity": 2}]), "key").await.expect(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!((shop.stripe.intents().len(), stock(&shop.app, &boot).await), (1, "50/1/0".to_owned()));
}

/// Case C23: the process dies after the order is committed and before it is answered.
#[tokio::test]
async fn a_repeat_after_a_death_before_the_answer_goes_on_with_the_same_order() {
    for asked_stripe in [true, false] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
        let placed = super::place(&shop.app, &boot, "key").await;
        let id: tradepost_domain::kernel::ids::OrderId = text(&placed["order"], "id").parse().unwrap();
        let died = format!(
            "update idempotency_key set state = 'running', locked_until = '2026-01-01', resource_id = '{}',
                    response_status = null, response_body = null, response_etag = null, response_location = null",
            tradepost_domain::kernel::ids::EntityId::as_uuid(&id)
        );
        sql(&shop.app, &died).await;
        if !asked_stripe {
            sql(&shop.app, "update payment_attempt set provider_ref = null, client_secret = null").await;
        }
        let items = json!([{"variant_id": boot, "quantity": 1}]);
        let again = order_items(&shop.app, items, "key").await.expect(201).json();
        assert_eq!(again["order"]["id"], placed["order"]["id"]);
        assert_eq!(again["payment_client_secret"], placed["payment_client_secret"]);
        assert_eq!((shop.stripe.intents().len(), stock(&shop.app, &boot).await), (1, "50/1/0".to_owned()));
        let _ = confirm(&shop.app, &again, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
        assert_paid_once(&shop, &again).await;
    }
}

/// Case C23: a key is its sender's.
#[tokio::test]
async fn the_same_key_of_two_customers_makes_two_orders() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let mut ids = BTreeSet::new();
    for email in ["ada@example.com", "bob@example.com", "ada@example.com"] {
        let body = json!({"items": [{"variant_id": boot, "quantity": 1}], "email": email,
            "shipping_address": crate::checkout::address()});
        let login = json!({"email": email, "password": tradepost_testkit::app::TEST_PASSWORD});
        let token = match ids.len() {
            2 => shop.app.post("/api/auth/login").json(&login).send().await.expect(200).json(),
            _ => json!({"access_token": shop.app.customer(email).await.access_token}),
        };
        let order = shop.app.post("/api/orders").bearer(text(&token, "access_token"));
        let placed = order.header("idempotency-key", "key").json(&body).send().await.expect(201).json();
        ids.insert(text(&placed["order"], "id").to_owned());
    }
    assert_eq!((ids.len(), stock(&shop.app, &boot).await), (2, "50/2/0".to_owned()));
}

/// Case C39: what is told of an order is what it was at that version.
#[tokio::test]
async fn events_of_an_order_carry_the_version_and_the_state_of_their_own_change() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let placed = super::place(&shop.app, &boot, "key").await;
    let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
    let _ = shop.app.post(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
    assert_eq!(shop.app.pay_back().await.refunds, 1);
    let told = "select string_agg(concat_ws(':', version, payload ->> 'version', payload ->> 'status', payload ->> 'payment_status',
                       replace(type, 'order.', '')), ' ' order by id) from outbox where type like 'order.%'";
    assert_eq!(
        sql_value(&shop.app, told).await,
        "1:1:pending:pending:placed 2:2:confirmed:paid:confirmed 2:2:confirmed:paid:paid 3:3:canceled:paid:canceled \
         4:4:canceled:refunded:refunded"
    );
}
