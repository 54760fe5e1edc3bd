//! Buying, from an empty cart to a paid order.

mod bad_input;
mod cart;
mod crowd;
mod desk;
mod digital;
mod limits;
mod order;
mod order_remembered;
mod owners;
mod promotions;
mod rates;
mod remembered;
mod statements;
mod together;

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use crate::admin::{sql_value, text};
use crate::store::put;

/// Where everything goes in these tests.
pub(crate) fn address() -> Value {
    json!({"first_name": "Ada", "last_name": "Lovelace", "line1": "Torstraße 1", "city": "Berlin",
        "postal_code": "10119", "country": "DE"})
}

/// A product with one variant on the shelf: the product's id and the variant's.
pub(crate) async fn stocked(app: &TestApp, title: &str, cents: i64, stock: i64) -> (String, String) {
    let variant = json!({"price": {"amount": cents, "currency": "EUR"}, "stock": stock});
    let product = put(app, title, cents, json!({"variants": [variant]})).await;
    (text(&product, "id").to_owned(), text(&product["variants"][0], "id").to_owned())
}

/// Makes a guest's cart that can be ordered at once: the cart and its token.
pub(crate) async fn filled_cart(app: &TestApp, lines: &[(&str, u32)]) -> (Value, String) {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(variant, quantity)| json!({"variant_id": variant, "quantity": quantity}))
        .collect();
    let body = json!({"lines": lines, "email": "ada@example.com", "shipping_address": address()});
    let cart = app.post("/api/carts").json(&body).send().await.expect(201).json();
    let token = text(&cart, "token").to_owned();
    (cart, token)
}

/// Orders a guest's cart under a key.
pub(crate) async fn order_cart(app: &TestApp, cart: &Value, token: &str, key: &str) -> TestResponse {
    let body = json!({"cart_id": cart["id"]});
    let request = app.post("/api/orders").header("cart-token", token).header("idempotency-key", key);
    request.json(&body).send().await
}

/// Orders items as a guest, under a key.
pub(crate) async fn order_items(app: &TestApp, items: Value, key: &str) -> TestResponse {
    let body = json!({"items": items, "email": "ada@example.com", "shipping_address": address()});
    app.post("/api/orders").header("idempotency-key", key).json(&body).send().await
}

/// Confirms the payment of an order that was just placed.
pub(crate) async fn confirm(app: &TestApp, placed: &Value, body: &Value) -> TestResponse {
    let path = format!("/api/payments/{}/confirm", text(&placed["payment"], "id"));
    let key = format!("confirm-{}", app.shop.ids.next_uuid());
    let request = app.post(&path).header("order-token", text(placed, "order_token"));
    request.header("idempotency-key", &key).json(body).send().await
}

/// The order as its buyer sees it now.
pub(crate) async fn shown(app: &TestApp, placed: &Value) -> Value {
    let path = format!("/api/orders/{}", text(&placed["order"], "id"));
    app.get(&path).header("order-token", text(placed, "order_token")).send().await.expect(200).json()
}

/// Its status, and those of its payment and its goods.
pub(crate) fn statuses(order: &Value) -> [&str; 3] {
    ["status", "payment_status", "fulfillment_status"].map(|field| text(order, field))
}

/// On hand, reserved and allocated of a variant, over all locations.
pub(crate) async fn stock(app: &TestApp, variant: &str) -> String {
    let id: tradepost_domain::kernel::ids::VariantId = variant.parse().unwrap();
    let uuid = tradepost_domain::kernel::ids::EntityId::as_uuid(&id);
    let query = format!(
        "select concat_ws('/', sum(on_hand), sum(reserved), sum(allocated)) from stock_level where variant_id = '{uuid}'"
    );
    sql_value(app, &query).await
}
