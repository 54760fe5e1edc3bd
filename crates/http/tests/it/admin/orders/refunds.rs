//! Money that goes back, with units or without.

use serde_json::{Value, json};
use tradepost_app::payment::Reconciler;
use tradepost_testkit::{TestApp, TestResponse};

use super::super::products::{count, rows};
use super::super::{latest_audit, text};
use super::{Placed, paid, place, post, product, read, shop, states, stock};

async fn refund(app: &TestApp, placed: &Placed, body: &Value) -> TestResponse {
    post(app, &placed.path("/refunds"), body).await
}

fn amount(cents: i64) -> Value {
    json!({"amount": {"amount": cents, "currency": "EUR"}})
}

async fn ship(app: &TestApp, placed: &Placed, line: usize, units: u32) {
    let body = json!({"lines": [{"line_id": placed.line(line), "quantity": units}]});
    let made = post(app, &placed.path("/fulfillments"), &body).await.expect(201).json();
    let path = placed.path(&format!("/fulfillments/{}/shipments", text(&made, "id")));
    let _ = post(app, &path, &json!({})).await.expect(201);
}

#[tokio::test]
async fn money_goes_back_in_parts_and_never_more_than_came() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let mut body = amount(6_000);
    body["reason"] = json!("scratched");
    let made = refund(&app, &placed, &body).await.expect(201);
    let first = made.json();
    assert_eq!((text(&first, "status"), &first["amount"]), ("succeeded", &body["amount"]));
    assert_eq!((text(&first, "reason"), &first["restock"]), ("scratched", &json!(false)));
    let order = read(&app, &placed).await;
    assert_eq!(states(&order), ("confirmed", "partially_refunded", "unfulfilled"));
    assert_eq!(order["refunded"]["amount"], 6_000);
    let over = refund(&app, &placed, &amount(4_001)).await.expect(409).json();
    assert_eq!(text(&over, "code"), "refund_too_large");
    assert_eq!(over["refundable"], json!({"amount": 4_000, "currency": "EUR"}));
    let _ = refund(&app, &placed, &amount(4_000)).await.expect(201);
    assert_eq!(states(&read(&app, &placed).await).1, "refunded");
    assert_eq!(refund(&app, &placed, &amount(1)).await.expect(409).json()["refundable"]["amount"], 0);
    let list = app.get(&placed.path("/refunds")).admin().send().await.expect(200).json();
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["id"]), (2, &first["id"]));
    let audit = latest_audit(&app, text(&order, "id")).await;
    assert_eq!(text(&audit, "action"), "order.refund");
    assert_eq!(stock(&app, &boot).await, (9, 2), "no unit was given back");
    app.audit().await;
}

#[tokio::test]
async fn lines_are_refunded_for_what_they_came_to_and_to_the_last_cent() {
    let app = shop().await;
    let boot = product(&app, "Boot", 333, 9).await;
    let placed = paid(&app, &[(&boot, 3)]).await;
    let line = |units: u32| json!({"lines": [{"line_id": placed.line(0), "quantity": units}]});
    for _ in 0..3 {
        let _ = refund(&app, &placed, &line(1)).await.expect(201);
    }
    let order = read(&app, &placed).await;
    assert_eq!(order["lines"][0]["refunded"], order["lines"][0]["total"]);
    let over = refund(&app, &placed, &line(1)).await.expect(409).json();
    assert_eq!((text(&over, "code"), &over["refundable"]), ("refund_too_large", &json!(0)));
    assert_eq!(text(&over, "param"), "$.lines[0].quantity");
    app.audit().await;
}

#[tokio::test]
async fn units_that_were_not_sent_are_given_back_and_are_no_longer_to_be_sent() {
    let app = shop().await;
    let boot = product(&app, "Boot", 1_000, 9).await;
    let placed = paid(&app, &[(&boot, 5)]).await;
    ship(&app, &placed, 0, 2).await;
    assert_eq!(stock(&app, &boot).await, (7, 3));
    let body =
        json!({"lines": [{"line_id": placed.line(0), "quantity": 3}], "restock": true, "reason": "too late"});
    let made = refund(&app, &placed, &body).await.expect(201).json();
    assert_eq!((&made["amount"]["amount"], &made["restock"]), (&json!(3_000), &json!(true)));
    assert_eq!(stock(&app, &boot).await, (7, 0));
    let order = read(&app, &placed).await;
    let line = &order["lines"][0];
    assert_eq!((&line["canceled"], &line["fulfilled"], &line["returned"]), (&json!(3), &json!(2), &json!(0)));
    assert_eq!(states(&order), ("completed", "partially_refunded", "fulfilled"));
    let none_left = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(409);
    assert_eq!(none_left.code(), "nothing_to_fulfill");
    // What is left to refund was sent: it comes back to the shelf.
    let body = json!({"lines": [{"line_id": placed.line(0), "quantity": 2}], "restock": true});
    let _ = refund(&app, &placed, &body).await.expect(201);
    assert_eq!(stock(&app, &boot).await, (9, 0));
    let order = read(&app, &placed).await;
    assert_eq!(states(&order), ("completed", "refunded", "returned"));
    assert_eq!(order["lines"][0]["returned"], 2);
    app.audit().await;
}

#[tokio::test]
async fn units_that_are_being_packed_are_not_given_back() {
    let app = shop().await;
    let boot = product(&app, "Boot", 1_000, 9).await;
    let placed = paid(&app, &[(&boot, 5)]).await;
    let body = json!({"lines": [{"line_id": placed.line(0), "quantity": 3}]});
    let made = post(&app, &placed.path("/fulfillments"), &body).await.expect(201).json();
    let units =
        |units: u32| json!({"lines": [{"line_id": placed.line(0), "quantity": units}], "restock": true});
    let refused = refund(&app, &placed, &units(3)).await.expect(409).json();
    assert_eq!((text(&refused, "code"), &refused["pending"]), ("fulfillment_pending", &json!(3)));
    assert_eq!((count(&app, "refund").await, stock(&app, &boot).await), (0, (9, 5)));
    let _ = refund(&app, &placed, &units(2)).await.expect(201);
    assert_eq!(stock(&app, &boot).await, (9, 3));
    let path = placed.path(&format!("/fulfillments/{}/shipments", text(&made, "id")));
    let _ = post(&app, &path, &json!({})).await.expect(201);
    assert_eq!(stock(&app, &boot).await, (6, 0));
    assert_eq!(states(&read(&app, &placed).await).2, "fulfilled");
    app.audit().await;
}

#[tokio::test]
async fn a_refund_of_everything_can_put_everything_back() {
    let app = shop().await;
    let boot = product(&app, "Boot", 1_000, 9).await;
    let placed = paid(&app, &[(&boot, 5)]).await;
    ship(&app, &placed, 0, 1).await;
    let total = placed.order["totals"]["total"]["amount"].as_i64().unwrap();
    let mut body = amount(total - 1);
    body["restock"] = json!(true);
    let refused = refund(&app, &placed, &body).await.expect(422).json();
    assert_eq!((text(&refused, "code"), text(&refused, "param")), ("lines_required", "$.restock"));
    assert_eq!(count(&app, "refund").await, 0);
    body["amount"]["amount"] = json!(total);
    let _ = refund(&app, &placed, &body).await.expect(201);
    assert_eq!(stock(&app, &boot).await, (9, 0));
    app.audit().await;
}

/// Case C26: a double click refunds once.
#[tokio::test]
async fn the_same_refund_twice_is_one() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let path = placed.path("/refunds");
    let keyed = || {
        app.post(&path)
            .admin()
            .header("if-match", "*")
            .header("idempotency-key", "k")
            .json(&amount(392))
            .send()
    };
    let (first, second) = (keyed().await.expect(201), keyed().await.expect(201));
    assert_eq!((second.header("idempotent-replayed"), second.json()), ("true", first.json()));
    assert_eq!(read(&app, &placed).await["refunded"]["amount"], 392);
    app.audit().await;
}

/// Case C26: whoever wants no second refund of an amount, whatever its key, says so.
#[tokio::test]
async fn two_refunds_of_one_amount_with_keys_of_their_own_are_two() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let first = refund(&app, &placed, &amount(500)).await.expect(201).json();
    let _ = refund(&app, &placed, &amount(500)).await.expect(201);
    let mut once = amount(500);
    once["allow_duplicate"] = json!(false);
    let twin = refund(&app, &placed, &once).await.expect(409).json();
    assert_eq!((text(&twin, "code"), &twin["refund_id"]), ("duplicate_refund", &first["id"]));
    app.clock.advance(jiff::SignedDuration::from_secs(61));
    let _ = refund(&app, &placed, &once).await.expect(201);
    assert_eq!(read(&app, &placed).await["refunded"]["amount"], 3 * 500);
    app.audit().await;
}

/// A request that died after it had written its refund down is gone on with by its repeat, and by the worker.
#[tokio::test]
async fn a_repeat_goes_on_with_the_refund_that_was_written_down() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let path = placed.path("/refunds");
    let keyed = || {
        app.post(&path)
            .admin()
            .header("if-match", "*")
            .header("idempotency-key", "k")
            .json(&amount(6_000))
            .send()
    };
    let first = keyed().await.expect(201).json();
    // As if the process had died before the answer: the claim has run out, the refund is known.
    super::super::sql(
        &app,
        "update idempotency_key set state = 'running', locked_until = '2026-01-01', response_status = null,
                response_body = null where key = 'k'",
    )
    .await;
    let again = keyed().await.expect(201).json();
    assert_eq!(again["id"], first["id"]);
    assert_eq!(
        (count(&app, "refund").await, read(&app, &placed).await["refunded"]["amount"].clone()),
        (1, json!(6_000))
    );
    let due = Reconciler::new(app.shop.clone()).refund().await.unwrap();
    assert_eq!(due.refunds, 0);
    app.audit().await;
}

#[tokio::test]
async fn nothing_is_refunded_of_what_was_not_paid() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = place(&app, &[(&boot, 2)]).await;
    let refused = refund(&app, &placed, &amount(1)).await.expect(409).json();
    assert_eq!((text(&refused, "code"), &refused["refundable"]), ("nothing_to_refund", &json!(0)));
    app.audit().await;
}

/// Case C13: whatever moves stock, its movements sum to it; the audit compares them.
#[tokio::test]
async fn every_path_of_an_order_leaves_its_movements() {
    let app = shop().await;
    let boot = product(&app, "Boot", 1_000, 9).await;
    let placed = paid(&app, &[(&boot, 5)]).await;
    ship(&app, &placed, 0, 2).await;
    let body = json!({"lines": [{"line_id": placed.line(0), "quantity": 4}], "restock": true});
    let _ = refund(&app, &placed, &body).await.expect(201);
    let other = place(&app, &[(&boot, 1)]).await;
    let _ = app.post(&other.path("/cancel")).admin().header("if-match", "*").send().await.expect(200);
    let sql = "select kind, d_on_hand, d_reserved, d_allocated, cause_kind from stock_movement order by id";
    let told: Vec<(String, i64, i64, i64, String)> = rows(&app, sql)
        .await
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
        .collect();
    let told: Vec<(&str, i64, i64, i64)> = told
        .iter()
        .skip(1)
        .map(|(kind, on_hand, reserved, allocated, _)| (&**kind, *on_hand, *reserved, *allocated))
        .collect();
    let expected = [
        ("reserved", 0, 5, 0),
        ("allocated", 0, -5, 5),
        ("shipped", -2, 0, -2),
        ("deallocated", 0, 0, -3),
        ("returned", 1, 0, 0),
        ("reserved", 0, 1, 0),
        ("released", 0, -1, 0),
    ];
    assert_eq!(told, expected);
    app.audit().await;
}
