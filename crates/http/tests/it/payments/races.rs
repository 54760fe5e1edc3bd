//! Ten clicks at once: one order, one charge.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tradepost_testkit::{StripeShop, TestResponse};

use super::assert_paid_once;
use crate::admin::{sql_value, text};
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
