//! What has not to be sent: downloads, vouchers, services.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{address, confirm, order_cart, order_items, shown, statuses, stocked};
use crate::admin::{make, sql_value, text};
use crate::store::{change, put};

/// A book to load: its product, with a variant that is not sent.
async fn book(app: &TestApp, cents: i64) -> Value {
    let variant = json!({"price": {"amount": cents, "currency": "EUR"}, "tracked": false,
        "requires_shipping": false, "weight_grams": 900_000});
    put(app, "Book to load", cents, json!({"variants": [variant]})).await
}

fn variant_of(product: &Value) -> String {
    text(&product["variants"][0], "id").to_owned()
}

/// Sends to Germany, for more from a kilogram on.
async fn send(app: &TestApp) {
    let zone = json!({"name": "Near", "places": [{"country": "DE"}]});
    let zone = make(app, "/api/admin/shipping-zones", &zone).await;
    let step = |grams: u32, cents: i64| json!({"from_grams": grams, "prices": [{"amount": cents, "currency": "EUR"}]});
    let rates = json!({"by_weight": {"steps": [step(0, 490), step(1_000, 9_900)]}});
    let method = json!({"name": "Post", "shipping_zone_ids": [zone["id"]], "rates": rates});
    let _ = make(app, "/api/admin/shipping-methods", &method).await;
}

async fn cart(app: &TestApp, body: &Value) -> (Value, String) {
    let cart = app.post("/api/carts").json(body).send().await.expect(201).json();
    let token = text(&cart, "token").to_owned();
    (cart, token)
}

fn missing(cart: &Value) -> Vec<&str> {
    cart["requirements"].as_array().unwrap().iter().map(|one| text(one, "param")).collect()
}

#[tokio::test]
async fn what_is_not_sent_is_ordered_without_an_address_and_handed_over_all_the_same() {
    let app = TestApp::new().await;
    send(&app).await;
    let book = book(&app, 1_200).await;
    assert_eq!(book["variants"][0]["requires_shipping"], false);
    app.project().await;
    let page = app.get("/api/products/book-to-load").send().await.expect(200).json();
    assert_eq!(page["variants"][0]["requires_shipping"], false);
    let lines = json!([{"variant_id": variant_of(&book), "quantity": 2}]);
    let (cart, token) = cart(&app, &json!({"lines": lines, "email": "ada@example.com"})).await;
    assert_eq!((missing(&cart), &cart["shipping_method"]), (vec![], &Value::Null));
    assert_eq!(
        (&cart["lines"][0]["requires_shipping"], &cart["totals"]["shipping"]["amount"]),
        (&json!(false), &json!(0))
    );
    let ways =
        app.get(&format!("/api/carts/{}/shipping-methods", text(&cart, "id"))).header("cart-token", &token);
    assert_eq!(ways.send().await.expect(200).json()["data"], json!([]));
    let placed = order_cart(&app, &cart, &token, "k").await.expect(201).json();
    let order = &placed["order"];
    assert_eq!((&order["shipping_address"], &order["shipping_method"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&order["lines"][0]["requires_shipping"], &order["totals"]["total"]["amount"]),
        (&json!(false), &json!(2_400))
    );
    assert_eq!(sql_value(&app, "select requires_shipping::text from order_line").await, "false");
    let _ = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
    let path = format!("/api/admin/orders/{}/fulfillments", text(order, "id"));
    let made =
        app.post(&path).admin().header("if-match", "*").json(&json!({})).send().await.expect(201).json();
    let path = format!("{path}/{}/shipments", text(&made, "id"));
    let _ = app.post(&path).admin().if_match(1).json(&json!({})).send().await.expect(201);
    assert_eq!(statuses(&shown(&app, &placed).await), ["completed", "paid", "fulfilled"]);
    app.audit().await;
}

#[tokio::test]
async fn only_what_is_sent_needs_an_address_and_is_weighed() {
    let app = TestApp::new().await;
    send(&app).await;
    let book = book(&app, 1_200).await;
    let (_, boot) = stocked(&app, "Boot", 5_400, 9).await;
    let lines =
        json!([{"variant_id": variant_of(&book), "quantity": 1}, {"variant_id": boot, "quantity": 1}]);
    let (both, token) = cart(&app, &json!({"lines": lines, "email": "ada@example.com"})).await;
    assert_eq!(missing(&both), ["$.shipping_address"]);
    let refused = order_cart(&app, &both, &token, "k").await.expect(422).json();
    assert_eq!(text(&refused, "code"), "shipping_address_required");
    let path = format!("/api/carts/{}", text(&both, "id"));
    let patch = app.patch(&path).header("cart-token", &token).json(&json!({"shipping_address": address()}));
    let ready = patch.send().await.expect(200).json();
    assert_eq!((missing(&ready), &ready["totals"]["shipping"]["amount"]), (vec![], &json!(490)));
    // Sent after all: 900 kg more.
    let product = format!("/api/admin/products/{}", text(&book, "id"));
    let changed = change(&app, &product, &json!({"requires_shipping": true})).await;
    assert_eq!(changed["variants"][0]["requires_shipping"], true);
    let heavy = app.get(&path).header("cart-token", &token).send().await.expect(200).json();
    assert_eq!(heavy["totals"]["shipping"]["amount"], 9_900);
    app.audit().await;
}

#[tokio::test]
async fn without_a_place_to_send_to_taxes_go_by_the_bill_and_else_by_the_channels_own_place() {
    let app = TestApp::new().await;
    for (name, country, ppm, own) in [("DE", "DE", 190_000, true), ("AT", "AT", 200_000, false)] {
        let channels = if own { json!([app.channel_id]) } else { json!([]) };
        let zone = json!({"name": name, "places": [{"country": country}], "prices_include_tax": false,
            "default_channel_ids": channels});
        let zone = make(&app, "/api/admin/tax-zones", &zone).await;
        let rate = json!({"name": format!("VAT {name}"), "tax_zone_id": zone["id"], "rate_ppm": ppm});
        let _ = make(&app, "/api/admin/tax-rates", &rate).await;
    }
    let book = book(&app, 1_000).await;
    let items = json!([{"variant_id": variant_of(&book), "quantity": 1}]);
    let placed = order_items(&app, items.clone(), "sent").await.expect(201).json();
    assert_eq!(placed["order"]["totals"]["tax"]["amount"], 190);
    let mut bill = address();
    bill["country"] = json!("AT");
    for (billing, tax) in [(bill, 200), (Value::Null, 190)] {
        let mut body = json!({"items": items, "email": "ada@example.com"});
        if billing.is_object() {
            body["billing_address"] = billing;
        }
        let key = format!("billed-{tax}");
        let order = app.post("/api/orders").header("idempotency-key", &key).json(&body).send().await;
        assert_eq!(order.expect(201).json()["order"]["totals"]["tax"]["amount"], tax);
    }
    app.audit().await;
}
