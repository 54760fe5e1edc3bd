//! Orders, as staff look after them.

mod bad_input;
mod fulfillments;
mod mails;
mod payments;
mod races;
mod refunds;
mod staff;

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::products::rows;
use super::{make, text};
use crate::store::put;

/// An order that was placed by a guest.
pub(crate) struct Placed {
    /// As it was answered.
    order: Value,
    token: String,
    payment: String,
}

impl Placed {
    /// A path of the order for staff.
    fn path(&self, rest: &str) -> String {
        format!("/api/admin/orders/{}{rest}", text(&self.order, "id"))
    }

    fn line(&self, index: usize) -> &str {
        text(&self.order["lines"][index], "id")
    }
}

/// A shop that sends to Norway for nothing.
pub(crate) async fn shop() -> TestApp {
    let app = TestApp::new().await;
    let zone = json!({"name": "Norway", "places": [{"country": "NO"}]});
    let zone = make(&app, "/api/admin/shipping-zones", &zone).await;
    let rates = json!({"flat": {"prices": [{"amount": 0, "currency": "EUR"}]}});
    let method = json!({"name": "Post", "shipping_zone_ids": [zone["id"]], "rates": rates});
    let _ = make(&app, "/api/admin/shipping-methods", &method).await;
    app
}

/// Places an order of products with so many units each.
pub(crate) async fn place(app: &TestApp, items: &[(&Value, u32)]) -> Placed {
    let items: Vec<Value> = items
        .iter()
        .map(|(product, units)| json!({"product_id": product["id"], "quantity": units}))
        .collect();
    let body = json!({
        "items": items,
        "email": "ada@example.com",
        "shipping_address": {"first_name": "Ada", "last_name": "Lovelace", "line1": "1 Engine Row", "city": "Oslo",
                             "postal_code": "0150", "country": "NO"},
    });
    let key = format!("place-{}", app.shop.ids.next_uuid());
    let placed = app.post("/api/orders").header("idempotency-key", &key).json(&body).send().await.expect(201);
    let placed = placed.json();
    Placed {
        order: placed["order"].clone(),
        token: text(&placed, "order_token").to_owned(),
        payment: placed["payment"]["id"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Confirms the payment of an order.
pub(crate) async fn confirm(app: &TestApp, placed: &Placed, outcome: &str) {
    let path = format!("/api/payments/{}/confirm", placed.payment);
    let key = format!("confirm-{}", app.shop.ids.next_uuid());
    let request = app.post(&path).header("order-token", &placed.token).header("idempotency-key", &key);
    let _ = request.json(&json!({"outcome": outcome})).send().await.expect(200);
}

/// An order that is paid.
pub(crate) async fn paid(app: &TestApp, items: &[(&Value, u32)]) -> Placed {
    let placed = place(app, items).await;
    confirm(app, &placed, "succeed").await;
    placed
}

/// The order as it now is.
pub(crate) async fn read(app: &TestApp, placed: &Placed) -> Value {
    app.get(&placed.path("")).admin().send().await.expect(200).json()
}

/// Posts as staff, with an idempotency key of its own and to whatever version there is.
pub(crate) async fn post(app: &TestApp, path: &str, body: &Value) -> TestResponse {
    let key = format!("post-{}", app.shop.ids.next_uuid());
    app.post(path).admin().header("if-match", "*").header("idempotency-key", &key).json(body).send().await
}

/// What lies of a product, and what of it belongs to orders.
pub(crate) async fn stock(app: &TestApp, product: &Value) -> (i64, i64) {
    let sql = format!(
        "select l.on_hand, l.allocated from stock_level l join variant v on v.id = l.variant_id
           join product p on p.id = v.product_id where p.handle = '{}'",
        text(product, "handle")
    );
    let row = rows(app, &sql).await.remove(0);
    (row.get(0), row.get(1))
}

/// A product on the shelf.
pub(crate) async fn product(app: &TestApp, title: &str, cents: i64, stock: i64) -> Value {
    put(app, title, cents, json!({"stock": stock})).await
}

/// Three states of an order in one.
fn states(order: &Value) -> (&str, &str, &str) {
    (text(order, "status"), text(order, "payment_status"), text(order, "fulfillment_status"))
}
