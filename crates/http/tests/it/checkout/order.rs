//! Orders from a cart and from items, to the end.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{confirm, filled_cart, order_cart, order_items, shown, statuses, stock, stocked};
use crate::admin::{events, sql_value, text};

#[tokio::test]
async fn a_guest_fills_a_cart_orders_it_and_pays() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (_, hat) = stocked(&app, "Hat", 1999, 5).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 2), (&hat, 1)]).await;
    let placed = order_cart(&app, &cart, &token, "key-1").await.expect(201);
    let body = placed.json();
    assert_eq!(placed.header("location"), format!("/api/orders/{}", text(&body["order"], "id")));
    assert_eq!(statuses(&body["order"]), ["pending", "pending", "unfulfilled"]);
    assert_eq!(body["order"]["totals"]["total"], json!({"amount": 12799, "currency": "EUR"}));
    assert_eq!((text(&body["payment"], "status"), text(&body["payment"], "provider")), ("pending", "test"));
    assert_eq!((stock(&app, &boot).await, stock(&app, &hat).await), ("5/2/0".into(), "5/1/0".into()));

    let paid = confirm(&app, &body, &json!({"outcome": "succeed"})).await.expect(200).json();
    assert_eq!(text(&paid, "status"), "succeeded");
    let order = shown(&app, &body).await;
    assert_eq!(statuses(&order), ["confirmed", "paid", "unfulfilled"]);
    assert_eq!((&order["captured"]["amount"], &order["expires_at"]), (&json!(12799), &Value::Null));
    assert_eq!((stock(&app, &boot).await, stock(&app, &hat).await), ("5/0/2".into(), "5/0/1".into()));
    let told: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    for kind in ["order.placed", "order.confirmed", "order.paid"] {
        assert_eq!(told.iter().filter(|told| *told == kind).count(), 1, "{kind} in {told:?}");
    }
    let ledger = "select string_agg(account || ' ' || amount, ', ' order by account)
                    from (select split_part(account, ':', 1) as account, sum(amount)::text as amount
                            from ledger_entry group by 1) e";
    assert_eq!(sql_value(&app, ledger).await, "psp_clearing 12799, receivable 0, revenue -12799");
    app.audit().await;
}

#[tokio::test]
async fn items_are_ordered_without_a_cart_by_variant_or_by_product() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (hat, _) = stocked(&app, "Hat", 1999, 5).await;
    let items = json!([{"variant_id": boot, "quantity": 1}, {"product_id": hat, "quantity": 2}]);
    let placed = order_items(&app, items, "key-1").await.expect(201).json();
    assert_eq!(placed["order"]["totals"]["total"]["amount"], 5400 + 2 * 1999);
    assert_eq!(placed["order"]["lines"].as_array().unwrap().len(), 2);
    let _ = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
    assert_eq!(statuses(&shown(&app, &placed).await), ["confirmed", "paid", "unfulfilled"]);
    app.audit().await;
}

#[tokio::test]
async fn an_order_repeated_under_its_key_is_the_same_order() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let items = json!([{"variant_id": boot, "quantity": 1}]);
    let first = order_items(&app, items.clone(), "key-1").await.expect(201).json();
    let again = order_items(&app, items, "key-1").await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json()["order"]["id"], first["order"]["id"]);
    let other = order_items(&app, json!([{"variant_id": boot, "quantity": 2}]), "key-1").await.expect(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(sql_value(&app, "select count(*) from orders").await, "1");
    assert_eq!(stock(&app, &boot).await, "5/1/0");
    app.audit().await;
}

#[tokio::test]
async fn a_declined_card_leaves_the_order_open_for_another_one() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 1).await;
    let placed =
        order_items(&app, json!([{"variant_id": boot, "quantity": 1}]), "key-1").await.expect(201).json();
    for (outcome, status) in [
        ("requires_action", "requires_action"),
        ("decline", "failed"),
        ("timeout", "pending"),
        ("succeed", "succeeded"),
    ] {
        let answer = confirm(&app, &placed, &json!({"outcome": outcome})).await.expect(200).json();
        assert_eq!(text(&answer, "status"), status, "{outcome}: {answer}");
        assert_eq!(answer["unknown"], outcome == "timeout", "{outcome}");
    }
    assert_eq!(statuses(&shown(&app, &placed).await), ["confirmed", "paid", "unfulfilled"]);
    let twice = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(409);
    assert_eq!(twice.code(), "payment_already_succeeded");
    app.audit().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_sold() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 2).await;
    let refused =
        order_items(&app, json!([{"variant_id": boot, "quantity": 3}]), "key-1").await.expect(409).json();
    assert_eq!((text(&refused, "code"), &refused["available"]), ("insufficient_stock", &json!(2)));
    assert_eq!(refused["shortages"], json!([{"variant_id": boot, "requested": 3, "available": 2}]));
    let twice = json!([{"variant_id": boot, "quantity": 2}, {"variant_id": boot, "quantity": 1}]);
    assert_eq!(order_items(&app, twice, "key-2").await.expect(409).code(), "insufficient_stock");
    assert_eq!(
        (stock(&app, &boot).await, sql_value(&app, "select count(*) from orders").await),
        ("2/0/0".into(), "0".into())
    );
    app.audit().await;
}

#[tokio::test]
async fn an_order_that_is_given_up_gives_back_what_it_held_and_what_was_paid() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 2).await;
    for (key, pays, refunded) in [("key-1", false, 0), ("key-2", true, 5400)] {
        let placed =
            order_items(&app, json!([{"variant_id": boot, "quantity": 1}]), key).await.expect(201).json();
        if pays {
            let _ = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
        }
        let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
        let cancel = || app.post(&path).header("order-token", text(&placed, "order_token"));
        let canceled = cancel().json(&json!({"reason": "changed my mind"})).send().await.expect(200).json();
        assert_eq!(
            (text(&canceled, "status"), text(&canceled, "cancel_reason")),
            ("canceled", "changed my mind")
        );
        assert_eq!(cancel().send().await.expect(409).code(), "order_canceled");
        assert_eq!(stock(&app, &boot).await, "2/0/0");
        app.pay_back().await;
        let order = shown(&app, &placed).await;
        assert_eq!(order["refunded"]["amount"], refunded);
        assert_eq!(confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(409).status, 409);
    }
    app.audit().await;
}

#[tokio::test]
async fn an_order_that_nobody_pays_is_given_up_in_time() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 1).await;
    let placed =
        order_items(&app, json!([{"variant_id": boot, "quantity": 1}]), "key-1").await.expect(201).json();
    app.clock.advance(jiff::SignedDuration::from_secs(15 * 60 - 1));
    assert_eq!(app.sweep_orders().await.orders, 0);
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(app.sweep_orders().await.orders, 1);
    let order = shown(&app, &placed).await;
    assert_eq!((text(&order, "status"), text(&order, "cancel_reason")), ("canceled", "expired"));
    assert_eq!(stock(&app, &boot).await, "1/0/0");
    assert_eq!(app.sweep_orders().await.orders, 0);
    let _ = order_items(&app, json!([{"variant_id": boot, "quantity": 1}]), "key-2").await.expect(201);
    app.project().await;
    app.audit().await;
}
