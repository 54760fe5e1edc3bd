//! What leaves of orders, and when.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::super::products::rows;
use super::super::{events, latest_audit, make, sql, text};
use super::{Placed, confirm, paid, place, post, product, read, shop, states, stock};

async fn fulfill(app: &TestApp, placed: &Placed, line: usize, units: u32) -> Value {
    let body = json!({"lines": [{"line_id": placed.line(line), "quantity": units}]});
    post(app, &placed.path("/fulfillments"), &body).await.expect(201).json()
}

fn act(placed: &Placed, fulfillment: &Value, verb: &str) -> String {
    placed.path(&format!("/fulfillments/{}/{verb}", text(fulfillment, "id")))
}

#[tokio::test]
async fn an_order_leaves_in_two_parts_and_is_complete_then() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 10).await;
    let hat = product(&app, "Hat", 900, 10).await;
    let placed = paid(&app, &[(&boot, 3), (&hat, 1)]).await;
    let first = fulfill(&app, &placed, 0, 2).await;
    assert_eq!((text(&first, "status"), &first["shipments"]), ("pending", &json!([])));
    assert_eq!(states(&read(&app, &placed).await), ("confirmed", "paid", "unfulfilled"));
    assert_eq!(stock(&app, &boot).await, (10, 3), "nothing has left yet");
    let parcel =
        json!({"carrier": "Post", "tracking_number": "JJ1", "tracking_url": "https://post.example/JJ1"});
    let sent = post(&app, &act(&placed, &first, "shipments"), &parcel).await.expect(201);
    assert_eq!((text(&sent.json(), "status"), sent.header("etag")), ("shipped", "\"v2\""));
    for (field, value) in parcel.as_object().unwrap() {
        assert_eq!(&sent.json()["shipments"][0][field], value);
    }
    assert_eq!((stock(&app, &boot).await, stock(&app, &hat).await), ((8, 1), (10, 1)));
    let order = read(&app, &placed).await;
    assert_eq!(states(&order), ("confirmed", "paid", "partial"));
    assert_eq!((&order["lines"][0]["fulfilled"], &order["lines"][1]["fulfilled"]), (&json!(2), &json!(0)));

    let rest = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(201).json();
    let units: Vec<_> =
        rest["lines"].as_array().unwrap().iter().map(|line| line["quantity"].clone()).collect();
    assert_eq!(units, [1, 1], "all that is left");
    let none_left = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(409);
    assert_eq!(
        (none_left.code(), none_left.json()["fulfillable"].clone()),
        ("nothing_to_fulfill".into(), json!(0))
    );
    let _ = post(&app, &act(&placed, &rest, "shipments"), &json!({})).await.expect(201);
    let order = read(&app, &placed).await;
    assert_eq!(states(&order), ("completed", "paid", "fulfilled"));
    assert_eq!((stock(&app, &boot).await, stock(&app, &hat).await), ((7, 0), (9, 0)));
    let arrived =
        app.post(&act(&placed, &first, "deliver")).admin().if_match(2).send().await.expect(200).json();
    assert_eq!(text(&arrived, "status"), "delivered");
    let list = app.get(&placed.path("/fulfillments")).admin().send().await.expect(200).json();
    assert_eq!(list["data"][0], arrived);
    let told = events(&app).await;
    let parcels = told.iter().filter(|(kind, _)| kind == "order.fulfillment_updated").count();
    assert_eq!(parcels, 3, "each parcel is told of, and that one arrived");
    assert_eq!(text(&latest_audit(&app, text(&order, "id")).await, "action"), "fulfillment.delivered");
    app.audit().await;
}

/// Case C10: a fulfillment that was given up took no stock and gives none.
#[tokio::test]
async fn a_fulfillment_that_is_canceled_leaves_the_stock_as_it_is() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 9).await;
    let placed = paid(&app, &[(&boot, 5)]).await;
    let movements = async || rows(&app, "select count(*) from stock_movement").await[0].get::<_, i64>(0);
    let before = movements().await;
    let made = fulfill(&app, &placed, 0, 2).await;
    let stale = app.post(&act(&placed, &made, "cancel")).admin().if_match(7).send().await.expect(412);
    assert_eq!(stale.json()["current"], 1);
    let gone = app.post(&act(&placed, &made, "cancel")).admin().if_match(1).send().await.expect(200).json();
    assert_eq!(text(&gone, "status"), "canceled");
    assert_eq!((stock(&app, &boot).await, movements().await), ((9, 5), before));
    let order = read(&app, &placed).await;
    assert_eq!((states(&order).2, &order["lines"][0]["fulfilled"]), ("unfulfilled", &json!(0)));
    for verb in ["cancel", "shipments", "deliver"] {
        let refused = post(&app, &act(&placed, &made, verb), &json!({})).await.expect(409);
        assert_eq!(
            (refused.code(), refused.json()["current"].clone()),
            ("fulfillment_state".into(), json!("canceled"))
        );
    }
    let again = fulfill(&app, &placed, 0, 5).await;
    let _ = post(&app, &act(&placed, &again, "shipments"), &json!({})).await.expect(201);
    let shipped = post(&app, &act(&placed, &again, "cancel"), &json!({})).await.expect(409);
    assert_eq!(shipped.json()["current"], "shipped");
    assert_eq!(stock(&app, &boot).await, (4, 0));
    app.audit().await;
}

#[tokio::test]
async fn units_of_fulfillments_that_are_pending_are_taken() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 9).await;
    let placed = paid(&app, &[(&boot, 5)]).await;
    let _ = fulfill(&app, &placed, 0, 3).await;
    let body = json!({"lines": [{"line_id": placed.line(0), "quantity": 3}]});
    let refused = post(&app, &placed.path("/fulfillments"), &body).await.expect(409).json();
    assert_eq!((text(&refused, "code"), &refused["fulfillable"]), ("fulfillment_too_large", &json!(2)));
    assert_eq!(text(&refused, "param"), "$.lines[0].quantity");
    let rest = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(201).json();
    assert_eq!(rest["lines"][0]["quantity"], 2);
    app.audit().await;
}

#[tokio::test]
async fn what_is_not_paid_for_is_not_sent() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 9).await;
    let placed = place(&app, &[(&boot, 2)]).await;
    let refused = async || post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(409).json();
    let pending = refused().await;
    assert_eq!((text(&pending, "code"), text(&pending, "payment_status")), ("order_not_paid", "pending"));
    confirm(&app, &placed, "decline").await;
    assert_eq!(text(&refused().await, "payment_status"), "failed");
    confirm(&app, &placed, "succeed").await;
    let _ = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(201);
    let free = product(&app, "Sample", 0, 9).await;
    let placed = place(&app, &[(&free, 1)]).await;
    assert_eq!(text(&placed.order, "payment_status"), "not_required");
    let made = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(201).json();
    let _ = post(&app, &act(&placed, &made, "shipments"), &json!({})).await.expect(201);
    assert_eq!(states(&read(&app, &placed).await), ("completed", "not_required", "fulfilled"));
    app.audit().await;
}

#[tokio::test]
async fn units_that_lie_at_two_places_leave_from_each() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 2).await;
    let annex = make(&app, "/api/admin/stock-locations", &json!({"name": "Annex"})).await;
    let level = json!({"variant_id": boot["variants"][0]["id"], "location_id": annex["id"], "on_hand": 3});
    let _ = app.post("/api/admin/stock-levels").admin().json(&level).send().await.expect(201);
    let placed = paid(&app, &[(&boot, 4)]).await;
    let path = placed.path("/fulfillments");
    let unsaid = post(&app, &path, &json!({})).await.expect(409).json();
    assert_eq!(
        (text(&unsaid, "code"), unsaid["locations"].as_array().unwrap().len()),
        ("location_required", 2)
    );
    let too_many = json!({"lines": [{"line_id": placed.line(0), "quantity": 4}], "location_id": annex["id"]});
    let elsewhere = post(&app, &path, &too_many).await.expect(409).json();
    assert_eq!(text(&elsewhere, "code"), "not_at_location");
    let there = elsewhere["available"].as_i64().unwrap();
    let made = post(&app, &path, &json!({"location_id": annex["id"]})).await.expect(201).json();
    assert_eq!(made["lines"][0]["quantity"], there, "all that lies there");
    let _ = post(&app, &act(&placed, &made, "shipments"), &json!({})).await.expect(201);
    let rest = post(&app, &path, &json!({})).await.expect(201).json();
    assert_eq!(rest["lines"][0]["quantity"], 4 - there);
    let _ = post(&app, &act(&placed, &rest, "shipments"), &json!({})).await.expect(201);
    assert_eq!(states(&read(&app, &placed).await).2, "fulfilled");
    let deleted = app
        .delete(&format!("/api/admin/stock-locations/{}", text(&annex, "id")))
        .admin()
        .header("if-match", "*")
        .send()
        .await
        .expect(409);
    assert_eq!(deleted.code(), "stock_location_in_use");
    app.audit().await;
}

#[tokio::test]
async fn what_was_ordered_back_waits_until_it_lies_there() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 1).await;
    sql(&app, "update variant set backorder = true").await;
    sql(&app, "update stock_level set backorder = true").await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let made = fulfill(&app, &placed, 0, 2).await;
    let short = post(&app, &act(&placed, &made, "shipments"), &json!({})).await.expect(409).json();
    assert_eq!(
        (text(&short, "code"), &short["shortages"][0]["available"]),
        ("insufficient_stock", &json!(1))
    );
    assert_eq!(states(&read(&app, &placed).await).2, "unfulfilled", "nothing of it is stored");
    app.audit().await;
}

#[tokio::test]
async fn what_is_sent_or_given_back_is_of_the_order_that_was_read_where_that_is_said() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let version = read(&app, &placed).await["version"].as_i64().unwrap();
    for (rest, body) in
        [("/fulfillments", json!({})), ("/refunds", json!({"amount": {"amount": 98, "currency": "EUR"}}))]
    {
        let path = placed.path(rest);
        let ask = || app.post(&path).admin().header("idempotency-key", rest).json(&body);
        let stale = ask().if_match(version - 1).send().await.expect(412).json();
        assert_eq!(
            (text(&stale, "code"), &stale["current"]),
            ("version_mismatch", &json!(version)),
            "{rest}"
        );
    }
    let made = app.post(&placed.path("/fulfillments")).admin().if_match(version);
    let made = made.json(&json!({})).send().await.expect(201).json();
    for verb in ["shipments", "deliver", "cancel"] {
        let path = act(&placed, &made, verb);
        let stale = app.post(&path).admin().if_match(7).json(&json!({})).send().await.expect(412).json();
        assert_eq!(stale["current"], made["version"], "{verb}");
    }
    let refund =
        app.post(&placed.path("/refunds")).admin().if_match(version + 1).header("idempotency-key", "c");
    let _ = refund.json(&json!({"amount": {"amount": 98, "currency": "EUR"}})).send().await.expect(201);
    app.audit().await;
}
