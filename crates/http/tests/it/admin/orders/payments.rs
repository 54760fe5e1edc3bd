//! Money that was set aside, and is taken by staff.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::super::{latest_audit, sql, text};
use super::{Placed, confirm, place, post, product, read, shop, states};

/// An order whose money is set aside: 10,000 cents.
async fn authorized(app: &TestApp) -> Placed {
    let boot = product(app, "Boot", 5_000, 9).await;
    let placed = place(app, &[(&boot, 2)]).await;
    sql(app, "update payment set capture = 'manual'").await;
    confirm(app, &placed, "succeed").await;
    placed
}

fn capture(placed: &Placed) -> String {
    format!("/api/admin/payments/{}/capture", placed.payment)
}

#[tokio::test]
async fn money_that_is_set_aside_is_taken_once() {
    let app = shop().await;
    let placed = authorized(&app).await;
    assert_eq!(states(&read(&app, &placed).await), ("confirmed", "authorized", "unfulfilled"));
    let path = format!("/api/admin/payments/{}", placed.payment);
    let payment = app.get(&path).admin().send().await.expect(200).json();
    assert_eq!((text(&payment, "status"), text(&payment, "capture")), ("authorized", "manual"));
    assert_eq!(
        (&payment["capturable"]["amount"], &payment["captured"]["amount"]),
        (&json!(10_000), &json!(0))
    );
    let keyed =
        || app.post(&capture(&placed)).admin().header("if-match", "*").header("idempotency-key", "k").send();
    let taken = keyed().await.expect(200).json();
    assert_eq!((text(&taken, "status"), &taken["captured"]["amount"]), ("succeeded", &json!(10_000)));
    assert_eq!(
        (&taken["refundable"]["amount"], &taken["attempts"][0]["status"]),
        (&json!(10_000), &json!("captured"))
    );
    assert_eq!(keyed().await.expect(200).header("idempotent-replayed"), "true");
    let twice = post(&app, &capture(&placed), &json!({})).await.expect(409).json();
    assert_eq!((text(&twice, "code"), text(&twice, "current")), ("nothing_to_capture", "captured"));
    let order = read(&app, &placed).await;
    assert_eq!(states(&order), ("confirmed", "paid", "unfulfilled"));
    assert_eq!(text(&latest_audit(&app, text(&order, "id")).await, "action"), "payment.capture");
    app.audit().await;
}

#[tokio::test]
async fn less_than_was_set_aside_may_be_taken_and_never_more() {
    let app = shop().await;
    let placed = authorized(&app).await;
    let take = async |cents: i64, currency: &str| {
        post(&app, &capture(&placed), &json!({"amount": {"amount": cents, "currency": currency}})).await
    };
    let over = take(10_001, "EUR").await.expect(409).json();
    assert_eq!((text(&over, "code"), &over["capturable"]["amount"]), ("capture_too_large", &json!(10_000)));
    assert_eq!(take(0, "EUR").await.expect(422).code(), "out_of_range");
    assert_eq!(take(1, "USD").await.expect(422).code(), "currency_mismatch");
    let taken = take(7_000, "EUR").await.expect(200).json();
    assert_eq!((&taken["captured"]["amount"], text(&taken, "status")), (&json!(7_000), "succeeded"));
    let order = read(&app, &placed).await;
    assert_eq!((states(&order).1, &order["captured"]["amount"]), ("paid", &json!(7_000)));
    app.audit().await;
}

#[tokio::test]
async fn money_is_taken_of_the_payment_that_was_read_where_that_is_said() {
    let app = shop().await;
    let placed = authorized(&app).await;
    let ask = || app.post(&capture(&placed)).admin().header("idempotency-key", "k");
    let path = format!("/api/admin/payments/{}", placed.payment);
    let read = app.get(&path).admin().send().await.expect(200);
    let version = read.json()["version"].as_i64().unwrap();
    let stale = ask().if_match(version - 1).send().await.expect(412).json();
    assert_eq!((text(&stale, "code"), &stale["current"]), ("version_mismatch", &json!(version)));
    let other = app.post(&capture(&placed)).admin().header("idempotency-key", "l");
    let taken = other.header("if-match", read.header("etag")).send().await.expect(200).json();
    assert_eq!(text(&taken, "status"), "succeeded");
    app.audit().await;
}

#[tokio::test]
async fn what_was_given_up_or_not_set_aside_is_not_taken() {
    let app = shop().await;
    let boot = product(&app, "Hat", 900, 9).await;
    let open = place(&app, &[(&boot, 1)]).await;
    let refused = post(&app, &capture(&open), &json!({})).await.expect(409).json();
    assert_eq!((text(&refused, "code"), text(&refused, "current")), ("nothing_to_capture", "created"));
    let placed = authorized(&app).await;
    let without = app.post(&capture(&placed)).admin().header("if-match", "*").send().await.expect(400);
    assert_eq!(without.code(), "idempotency_key_required");
    let _ = app.post(&placed.path("/cancel")).admin().header("if-match", "*").send().await.expect(200);
    assert_eq!(post(&app, &capture(&placed), &json!({})).await.expect(409).code(), "order_canceled");
    app.audit().await;
}

#[tokio::test]
async fn payments_are_listed_by_order_provider_and_how_far_they_have_come() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 30).await;
    let mut made = Vec::new();
    for outcome in [None, Some("succeed"), Some("decline"), Some("requires_action")] {
        let placed = place(&app, &[(&boot, 1)]).await;
        if let Some(outcome) = outcome {
            confirm(&app, &placed, outcome).await;
        }
        made.push(placed);
    }
    let list =
        async |query: &str| app.get(&format!("/api/admin/payments{query}")).admin().send().await.expect(200);
    let all = list("?count=exact").await;
    let rows = all.json()["data"].as_array().unwrap().clone();
    let newest: Vec<&str> = rows.iter().map(|row| text(row, "id")).collect();
    let expected: Vec<&str> = made.iter().rev().map(|placed| placed.payment.as_str()).collect();
    assert_eq!((newest, &all.json()["page"]["total"]), (expected, &json!(4)));
    assert_eq!(list("?limit=1").await.statements, list("").await.statements);
    // The filter finds what is shown, whatever is made of a payment.
    for word in ["pending", "requires_action", "processing", "authorized", "succeeded", "failed", "canceled"]
    {
        let found = list(&format!("?filter[status]={word}&count=exact")).await.json();
        let shown: Vec<&Value> = rows.iter().filter(|row| row["status"] == word).collect();
        let found_rows: Vec<&Value> = found["data"].as_array().unwrap().iter().collect();
        assert_eq!((&found_rows, &found["page"]["total"]), (&shown, &json!(shown.len())), "{word}");
    }
    let words: Vec<&str> = rows.iter().map(|row| text(row, "status")).collect();
    assert_eq!(words, ["requires_action", "failed", "succeeded", "pending"]);
    let order = text(&made[1].order, "id");
    let of_order = list(&format!("?filter[order_id]={order}&filter[provider]=test")).await.json();
    assert_eq!(
        (of_order["data"].as_array().unwrap().len(), text(&of_order["data"][0], "order_id")),
        (1, order)
    );
    assert_eq!(list("?filter[provider]=stripe").await.json()["data"], json!([]));
    let first = list("?limit=3").await.json();
    let rest = list(&format!("?limit=3&cursor={}", text(&first["page"], "next"))).await.json();
    assert_eq!((&rest["data"][0], rest["data"].as_array().unwrap().len()), (&rows[3], 1));
    let bare = app.key_with(&[]).await;
    let denied = app.get("/api/admin/payments").bearer(&bare).send().await.expect(403).json();
    assert_eq!(denied["required_scope"], "orders:read");
}
