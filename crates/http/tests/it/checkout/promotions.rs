//! Promotions that may be used so often, or by newcomers alone, and buyers who all come at the same moment (cases C52, C54).

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::together::wait_for;
use super::{address, confirm, filled_cart, order_cart, shown, stocked};
use crate::admin::{Intruder, make, sql_value, text};

/// A shop with a boot for 5,400 cents, and a promotion that takes a tenth off every order.
async fn shop(promotion: &Value) -> (TestApp, String, Value) {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 50).await;
    let mut body = json!({"name": "Tenth", "effect": {"percentage": {"level": "order", "bps": 1000}}});
    body.as_object_mut().unwrap().extend(promotion.as_object().unwrap().clone());
    let promotion = make(&app, "/api/admin/promotions", &body).await;
    (app, boot, promotion)
}

async fn order(app: &TestApp, boot: &str, email: &str) -> TestResponse {
    let key = format!("key-{}", app.shop.ids.next_uuid());
    let body = json!({"items": [{"variant_id": boot, "quantity": 1}], "email": email, "shipping_address": address()});
    app.post("/api/orders").header("idempotency-key", &key).json(&body).send().await
}

fn total(placed: &Value) -> i64 {
    placed["order"]["totals"]["total"]["amount"].as_i64().unwrap()
}

/// Keeps the desk busy with two orders of empty carts, which count nothing and are refused: what is ordered meanwhile waits.
async fn busy(app: &TestApp) -> (Intruder, [tokio::task::JoinHandle<TestResponse>; 2]) {
    let (first, second) = (filled_cart(app, &[]).await, filled_cart(app, &[]).await);
    let intruder = Intruder::begin(app, "select 1 from cart for update").await;
    let spawn = |(cart, token): (Value, String), key: &'static str| {
        let app = app.clone();
        tokio::spawn(async move { order_cart(&app, &cart, &token, key).await })
    };
    let first = spawn(first, "busy-1");
    intruder.wait_until_waited_for_by(1).await;
    let second = spawn(second, "busy-2");
    intruder.wait_until_waited_for_by(2).await;
    (intruder, [first, second])
}

/// Orders for all of them, which are all priced before one of them is decided: what they came to, or the code of the refusal.
async fn all_priced_first(app: &TestApp, boot: &str, emails: &[&str]) -> Vec<String> {
    let (desk, refused) = busy(app).await;
    let intruder = Intruder::begin(app, "select 1 from promotion for no key update").await;
    let orders: Vec<_> = emails
        .iter()
        .map(|email| {
            let (app, boot, email) = (app.clone(), boot.to_owned(), (*email).to_owned());
            tokio::spawn(async move { order(&app, &boot, &email).await })
        })
        .collect();
    wait_for(app, emails.len()).await;
    desk.finish("select 1").await;
    intruder.wait_until_waited_for_by(i64::try_from(emails.len()).unwrap()).await;
    intruder.finish("select 1").await;
    for refused in refused {
        let _ = refused.await.unwrap().expect(422);
    }
    let mut came = Vec::new();
    for order in orders {
        let answer = order.await.unwrap();
        came.push(match answer.status.as_u16() {
            201 => total(&answer.json()).to_string(),
            409 => format!("{} {}", answer.code(), answer.json()["used_up"]),
            other => panic!("{other}: {}", answer.json()),
        });
    }
    came.sort();
    came
}

const FIRST: &str = "first_order";

#[tokio::test]
async fn one_mailbox_has_one_first_order_however_it_is_written() {
    let (app, boot, _) = shop(&json!({"condition": {FIRST: true}})).await;
    let mut totals = Vec::new();
    for email in ["A@x.com", "a@x.com", "a+1@x.com", "a+2+b@X.com", "b@x.com", "a@y.com"] {
        totals.push(total(&order(&app, &boot, email).await.expect(201).json()));
    }
    assert_eq!(totals, [4860, 5400, 5400, 5400, 4860, 4860]);
    app.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_first_orders_of_one_mailbox_at_once_one_is_discounted() {
    let (app, boot, _) = shop(&json!({"condition": {FIRST: true}})).await;
    let refused = "promotion_used_up \"first_order\"";
    let came = all_priced_first(&app, &boot, &["A@x.com", "a@x.com", "a+1@x.com", "b@x.com"]).await;
    assert_eq!(came, ["4860", "4860", refused, refused]);
    assert_eq!(
        total(&order(&app, &boot, "a@x.com").await.expect(201).json()),
        5400,
        "shown again, it costs more"
    );
    assert_eq!(sql_value(&app, "select used from promotion").await, "2");
    app.audit().await;
}

#[tokio::test]
async fn a_first_order_that_was_given_up_was_none() {
    let (app, boot, _) = shop(&json!({"condition": {FIRST: true}})).await;
    for _ in 0..2 {
        let placed = order(&app, &boot, "a+7@x.com").await.expect(201).json();
        assert_eq!(total(&placed), 4860);
        let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
        let _ = app.post(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
    }
    let placed = order(&app, &boot, "a@x.com").await.expect(201).json();
    let _ = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
    assert_eq!(total(&shown_as_placed(&app, &placed).await), 4860);
    assert_eq!(total(&order(&app, &boot, "a@x.com").await.expect(201).json()), 5400);
    app.audit().await;
}

async fn shown_as_placed(app: &TestApp, placed: &Value) -> Value {
    json!({"order": shown(app, placed).await})
}

#[tokio::test]
async fn an_order_that_is_set_aside_from_its_batch_leaves_no_key_there() {
    let (app, boot, _) = shop(&json!({"condition": {FIRST: true}})).await;
    let _ = order(&app, &boot, "a@x.com").await.expect(201);
    let (desk, refused) = busy(&app).await;
    let together: Vec<_> = ["a@x.com", "b@x.com"]
        .map(|email| {
            let (app, boot) = (app.clone(), boot.clone());
            tokio::spawn(async move { order(&app, &boot, email).await })
        })
        .into();
    wait_for(&app, 2).await;
    desk.finish("select 1").await;
    for refused in refused {
        let _ = refused.await.unwrap().expect(422);
    }
    let mut totals = Vec::new();
    for order in together {
        totals.push(total(&order.await.unwrap().expect(201).json()));
    }
    assert_eq!(totals, [5400, 4860], "the one beside others, the other one by itself");
    app.audit().await;
}

/// A discount that would have applied anyway does not make an order the first one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_that_would_be_discounted_anyway_do_not_wait_for_each_other() {
    let anyway = json!({"condition": {"any": [{FIRST: true}, {"country": ["DE"]}]}});
    let (app, boot, _) = shop(&anyway).await;
    assert_eq!(all_priced_first(&app, &boot, &["a@x.com", "a@x.com"]).await, ["4860", "4860"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_buyers_who_all_saw_the_last_use_as_many_get_it_as_there_are_uses() {
    for (limit, discounted) in [(json!({"usage_limit": 1}), 1), (json!({"usage_limit": 2}), 2)] {
        let (app, boot, promotion) = shop(&limit).await;
        let came = all_priced_first(&app, &boot, &["a@x.com", "b@x.com", "c@x.com", "d@x.com"]).await;
        let refused = format!("promotion_used_up [{}]", promotion["id"]);
        let expected: Vec<String> = (0..4)
            .map(|number| if number < discounted { "4860".to_owned() } else { refused.clone() })
            .collect();
        assert_eq!(came, expected);
        assert_eq!(
            sql_value(&app, "select concat_ws('/', used, (select count(*) from redemption)) from promotion")
                .await,
            format!("{discounted}/{discounted}")
        );
        app.audit().await;
    }
    let (app, boot, _) = shop(&json!({"limit_per_customer": 1})).await;
    let came = all_priced_first(&app, &boot, &["A@x.com", "a@x.com", "a+1@x.com"]).await;
    let refused = "promotion_used_up \"customer_limit\"";
    assert_eq!(came, ["4860", refused, refused]);
    app.audit().await;
}

/// Placing an order takes promotions and then goods, and so does giving one up: neither waits for the other in a circle.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_is_placed_and_one_that_is_given_up_do_not_wait_in_a_circle() {
    let (app, boot, promotion) = shop(&json!({})).await;
    let standing = order(&app, &boot, "a@x.com").await.expect(201).json();
    let id: tradepost_domain::kernel::ids::PromotionId = text(&promotion, "id").parse().unwrap();
    // Holds the one that is placed up between the promotion, which it has, and the goods, which it wants.
    let between = format!(
        "insert into customer_usage values ('{}', 'email_' || encode(sha256('b@x.com'), 'hex'), 0)",
        tradepost_domain::kernel::ids::EntityId::as_uuid(&id)
    );
    let intruder = Intruder::begin(&app, &between).await;
    let placing = tokio::spawn({
        let (app, boot) = (app.clone(), boot.clone());
        async move { order(&app, &boot, "b@x.com").await }
    });
    intruder.wait_until_waited_for_by(1).await;
    let canceling = tokio::spawn({
        let (app, standing) = (app.clone(), standing.clone());
        async move {
            let path = format!("/api/orders/{}/cancel", text(&standing["order"], "id"));
            app.post(&path).header("order-token", text(&standing, "order_token")).send().await
        }
    });
    intruder.wait_until_waited_for_by(2).await;
    intruder.finish("rollback; begin").await;
    let _ = placing.await.unwrap().expect(201);
    let _ = canceling.await.unwrap().expect(200);
    assert_eq!(super::stock(&app, &boot).await, "50/1/0");
    app.audit().await;
}

/// Case C46: a discount of everything leaves nothing to pay, and is counted once.
#[tokio::test]
async fn an_order_that_a_promotion_pays_whole_is_confirmed_and_counted_once() {
    let all = json!({"effect": {"percentage": {"level": "order", "bps": 10_000}}, "usage_limit": 1});
    let (app, boot, _) = shop(&all).await;
    let placed = order(&app, &boot, "a@x.com").await.expect(201).json();
    assert_eq!(super::statuses(&placed["order"]), ["confirmed", "not_required", "unfulfilled"]);
    assert_eq!((total(&placed), &placed["payment"]), (0, &Value::Null));
    assert_eq!(sql_value(&app, "select used from promotion").await, "1");
    let path = format!("/api/admin/orders/{}/refunds", text(&placed["order"], "id"));
    let body = json!({"amount": {"amount": 1, "currency": "EUR"}});
    let refused = app.post(&path).admin().header("if-match", "*").header("idempotency-key", "k").json(&body);
    let refused = refused.send().await.expect(409);
    assert_eq!((refused.code(), &refused.json()["refundable"]), ("nothing_to_refund".to_owned(), &json!(0)));
    app.audit().await;
}
