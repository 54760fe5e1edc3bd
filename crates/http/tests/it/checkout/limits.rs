//! Nobody tries coupons, cards or carts without end: the next try waits, and every answer says what is left.

use jiff::SignedDuration;
use serde_json::json;
use tradepost_testkit::{TestApp, TestResponse};

use super::{confirm, order_items, stocked};
use crate::admin::text;

/// What an answer says of its limit.
fn told(answer: &TestResponse) -> (String, String) {
    (answer.header("ratelimit").to_owned(), answer.header("ratelimit-policy").to_owned())
}

fn assert_told(answer: &TestResponse, limit: &str, policy: &str) {
    assert_eq!(told(answer), (limit.to_owned(), policy.to_owned()));
}

#[tokio::test]
async fn an_eleventh_coupon_of_a_minute_waits_whether_it_exists_or_not() {
    let app = TestApp::with_rate_limits(true).await;
    let cart = app.post("/api/carts").header("idempotency-key", "c").send().await.expect(201).json();
    let attempt = async |number: u32| {
        let path = format!("/api/carts/{}/coupons", text(&cart, "id"));
        let request = app.post(&path).header("cart-token", text(&cart, "token"));
        let key = format!("coupon-{number}");
        request.header("idempotency-key", &key).json(&json!({"code": format!("GUESS{number}")})).send().await
    };
    for number in 0..10 {
        let answer = attempt(number).await.expect(422);
        let seconds = 6 * (number + 1);
        let left = format!("\"coupons_cart\";r={};t={seconds}", 9 - number);
        assert_told(&answer, &left, "\"coupons_cart\";q=10;w=60");
    }
    let limited = attempt(10).await.expect(429);
    assert_eq!((limited.code().as_str(), limited.header("retry-after")), ("too_many_requests", "7"));
    assert_told(&limited, "\"coupons_cart\";r=0;t=7", "\"coupons_cart\";q=10;w=60");
    app.clock.advance(SignedDuration::from_secs(6));
    // Under the same key: what was turned away was not stored as its answer.
    let _ = attempt(10).await.expect(422);
}

#[tokio::test]
async fn a_card_tester_is_stopped_at_the_twentieth_card_of_an_order() {
    let app = TestApp::with_rate_limits(true).await;
    let (_, boot) = stocked(&app, "Boot", 5400, 3).await;
    let items = json!([{"variant_id": boot, "quantity": 1}]);
    let placed = order_items(&app, items.clone(), "one").await.expect(201).json();
    let declined = json!({"outcome": "decline"});
    for number in 0..20 {
        let answer = confirm(&app, &placed, &declined).await.expect(200);
        assert_eq!(text(&answer.json(), "status"), "failed", "{number}");
    }
    let limited = confirm(&app, &placed, &declined).await.expect(429);
    assert_eq!(limited.code(), "too_many_requests");
    assert!(
        limited.header("ratelimit").starts_with("\"confirmations_payment\";r=0;"),
        "{:?}",
        told(&limited)
    );
    // Another order is another buyer's.
    let other = order_items(&app, items, "other").await.expect(201).json();
    let _ = confirm(&app, &other, &json!({"outcome": "succeed"})).await.expect(200);
    app.clock.advance(SignedDuration::from_secs(3));
    let _ = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
}

#[tokio::test]
async fn a_network_makes_so_many_carts_a_minute_and_its_neighbour_others() {
    let app = TestApp::with_rate_limits(true).await;
    let make = async |number: u32, ip: &str| {
        let key = format!("{ip}-{number}");
        app.post("/api/carts").from(ip).header("idempotency-key", &key).send().await
    };
    for number in 0..120 {
        let answer = make(number, "192.0.2.1").await.expect(201);
        assert!(answer.header("ratelimit").starts_with(&format!("\"carts_network\";r={};", 119 - number)));
    }
    let limited = make(120, "192.0.2.1").await.expect(429);
    assert_eq!((limited.code().as_str(), limited.header("retry-after")), ("too_many_requests", "1"));
    let _ = make(0, "192.0.2.2").await.expect(201);
    // The proxy in front, whose shoppers are many.
    for number in 0..130 {
        let _ = make(number, "127.0.0.1").await.expect(201);
    }
}

#[tokio::test]
async fn what_nobody_limits_says_nothing_of_limits() {
    let app = TestApp::with_rate_limits(true).await;
    for path in ["/api/categories", "/api/products?q=boot"] {
        let answer = app.get(path).from("192.0.2.1").send().await.expect(200);
        assert_eq!(told(&answer), (String::new(), String::new()), "{path}");
    }
}
