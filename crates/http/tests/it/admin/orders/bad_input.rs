//! Input that cannot be: refused with a code and the place, and nothing is stored.

use serde_json::{Value, json};

use super::super::products::count;
use super::{paid, post, product, read, shop};
use crate::store::assert_refused;

/// Path, body, status, code and place of the fault; of a 400 the last two are the reader's own.
type Case<'a> = (&'a str, Value, u16, &'a str, &'a str);

fn line(id: &str, quantity: i64) -> Value {
    json!({"line_id": id, "quantity": quantity})
}

const STRANGE: &str = "oline_00000000000000000000000001";

fn fulfillments(own: &str) -> Vec<Case<'static>> {
    let (quantity, path) = ("$.lines[0].quantity", "/fulfillments");
    vec![
        (path, json!({"lines": []}), 422, "out_of_range", "$.lines"),
        (path, json!({"lines": [line(own, 0)]}), 422, "invalid_quantity", quantity),
        (path, json!({"lines": [line(own, -1)]}), 400, "", ""),
        (path, json!({"lines": [line(own, 1), line(own, 1)]}), 422, "duplicate", "$.lines[1].line_id"),
        (path, json!({"lines": [line(STRANGE, 1)]}), 422, "line_not_found", "$.lines[0].line_id"),
        (path, json!({"lines": [line("x", 1)]}), 400, "", ""),
        (path, json!({"lines": [line(own, 3)]}), 409, "fulfillment_too_large", quantity),
        (
            path,
            json!({"location_id": "loc_00000000000000000000000001"}),
            422,
            "location_not_found",
            "$.location_id",
        ),
        (path, json!({"units": 1}), 400, "", ""),
    ]
}

fn refunds(own: &str) -> Vec<Case<'static>> {
    let eur = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let dollar = json!({"amount": 1, "currency": "USD"});
    let (path, amount) = ("/refunds", "$.amount.amount");
    vec![
        (path, json!({}), 422, "conflicting_fields", "$.amount"),
        (path, json!({"amount": eur(1), "lines": [line(own, 1)]}), 422, "conflicting_fields", "$.amount"),
        (path, json!({"amount": eur(0)}), 422, "out_of_range", amount),
        (path, json!({"amount": eur(-5)}), 422, "out_of_range", amount),
        (path, json!({"amount": eur(i64::MAX)}), 422, "amount_too_large", amount),
        (path, json!({"amount": dollar}), 422, "currency_mismatch", "$.amount.currency"),
        (path, json!({"amount": {"amount": 1.5, "currency": "EUR"}}), 400, "", ""),
        (path, json!({"lines": [line(own, 0)]}), 422, "invalid_quantity", "$.lines[0].quantity"),
        (path, json!({"lines": [line(own, 1), line(own, 1)]}), 422, "duplicate", "$.lines[1].line_id"),
        (path, json!({"lines": [line(STRANGE, 1)]}), 422, "line_not_found", "$.lines[0].line_id"),
        (path, json!({"amount": eur(1), "reason": "x".repeat(256)}), 422, "too_long", "$.reason"),
        (path, json!({"amount": eur(1), "reason": "a\u{7}b"}), 422, "invalid_character", "$.reason"),
    ]
}

#[tokio::test]
async fn bodies_that_cannot_be_are_refused_with_the_place() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let before = read(&app, &placed).await;
    let notes: Vec<Case<'_>> = vec![
        ("/notes", json!({"text": " "}), 422, "required", "$.text"),
        ("/notes", json!({"text": "x".repeat(5_001)}), 422, "too_long", "$.text"),
        ("/notes", json!({}), 400, "", ""),
    ];
    let own = placed.line(0);
    for (rest, body, status, code, param) in [fulfillments(own), refunds(own), notes].concat() {
        let asked = format!("{rest} {body}");
        let response = post(&app, &placed.path(rest), &body).await;
        if status == 400 {
            assert_eq!(response.status.as_u16(), 400, "{asked}");
        } else {
            assert_refused(&response, status, code, param, &asked);
        }
    }
    assert_eq!(read(&app, &placed).await, before);
    assert_eq!((count(&app, "fulfillment").await, count(&app, "refund").await), (0, 0));
    app.audit().await;
}

#[tokio::test]
async fn parcels_that_cannot_be_are_refused() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let made = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(201).json();
    let path = placed.path(&format!("/fulfillments/{}/shipments", made["id"].as_str().unwrap()));
    for (body, code, param) in [
        (json!({"carrier": ""}), "required", "$.carrier"),
        (json!({"carrier": "x".repeat(101)}), "too_long", "$.carrier"),
        (json!({"tracking_number": "1\n2"}), "invalid_character", "$.tracking_number"),
        (json!({"tracking_url": "javascript:alert(1)"}), "invalid_url", "$.tracking_url"),
    ] {
        assert_refused(&post(&app, &path, &body).await, 422, code, param, &body.to_string());
    }
    let other = placed.path("/fulfillments/ful_00000000000000000000000001/shipments");
    assert_eq!(post(&app, &other, &json!({})).await.expect(404).code(), "fulfillment_not_found");
    assert_eq!(count(&app, "shipment").await, 0);
    app.audit().await;
}

#[tokio::test]
async fn parameters_and_names_that_cannot_be_are_refused() {
    let app = shop().await;
    for (query, param) in [
        ("filter[status]=gone", "filter[status]"),
        ("filter[payment_status]=", "filter[payment_status]"),
        ("filter[fulfillment_status]=x", "filter[fulfillment_status]"),
        ("filter[customer_id]=x", "filter[customer_id]"),
        ("filter[channel_id]=cus_00000000000000000000000001", "filter[channel_id]"),
        ("filter[number]=1", "filter[number]"),
        ("filter[placed_from]=yesterday", "filter[placed_from]"),
        ("sort=number", "sort"),
        ("cursor=x", "cursor"),
        ("count=all", "count"),
        ("limit=0", "limit"),
    ] {
        let problem = app.get(&format!("/api/admin/orders?{query}")).admin().send().await.expect(400).json();
        assert_eq!(problem["param"], param, "{query}");
    }
    for (name, status) in
        [("x", 400), ("ord_x", 400), ("0000-0000", 404), ("ord_00000000000000000000000001", 404)]
    {
        let answer = app.get(&format!("/api/admin/orders/{name}")).admin().send().await;
        assert_eq!(answer.status.as_u16(), status, "{name}");
    }
    let missing = "/api/admin/orders/ord_00000000000000000000000001";
    for rest in ["/timeline", "/fulfillments", "/refunds"] {
        let answer = app.get(&format!("{missing}{rest}")).admin().send().await.expect(404);
        assert_eq!(answer.code(), "order_not_found", "{rest}");
    }
    for rest in ["/notes", "/fulfillments", "/refunds"] {
        let body = match rest {
            "/notes" => json!({"text": "x"}),
            "/refunds" => json!({"amount": {"amount": 1, "currency": "EUR"}}),
            _ => json!({}),
        };
        let answer = post(&app, &format!("{missing}{rest}"), &body).await.expect(404);
        assert_eq!(answer.code(), "order_not_found", "{rest}");
    }
    let payment = "/api/admin/payments/pay_00000000000000000000000001";
    assert_eq!(app.get(payment).admin().send().await.expect(404).code(), "payment_not_found");
    let capture = post(&app, &format!("{payment}/capture"), &json!({})).await.expect(404);
    assert_eq!(capture.code(), "payment_not_found");
    let keyless = app
        .post(&format!("{missing}/refunds"))
        .admin()
        .header("if-match", "*")
        .json(&json!({}))
        .send()
        .await
        .expect(400);
    assert_eq!(keyless.code(), "idempotency_key_required");
}
