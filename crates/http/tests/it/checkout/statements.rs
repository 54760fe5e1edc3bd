//! What buying costs in statements: the same for one line as for many.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{address, confirm, order_cart, stocked};
use crate::admin::text;

/// Statements of each step of a purchase with so many lines.
async fn counts(lines: usize) -> Vec<(&'static str, u32)> {
    let app = TestApp::new().await;
    let mut variants = Vec::new();
    for number in 0..=lines {
        variants.push(stocked(&app, &format!("Thing {number}"), 100, 50).await.1);
    }
    app.project().await;
    let wanted: Vec<Value> =
        variants.iter().take(lines).map(|variant| json!({"variant_id": variant, "quantity": 1})).collect();
    let body = json!({"lines": wanted, "email": "ada@example.com", "shipping_address": address()});
    let mut counts = Vec::new();
    let made = app.post("/api/carts").json(&body).send().await.expect(201);
    counts.push(("create", made.statements));
    let cart = made.json();
    let (path, token) = (format!("/api/carts/{}", text(&cart, "id")), text(&cart, "token").to_owned());
    let open =
        |method: &str, path: &str| app.request(method.parse().unwrap(), path).header("cart-token", &token);
    counts.push(("get", open("GET", &path).send().await.expect(200).statements));
    let patch = open("PATCH", &path).json(&json!({"metadata": {"a": 1}})).send().await.expect(200);
    counts.push(("patch", patch.statements));
    let line = json!({"variant_id": variants[lines], "quantity": 1});
    let added = open("POST", &format!("{path}/lines")).json(&line).send().await.expect(201);
    counts.push(("add", added.statements));
    let last = format!("{path}/lines/{}", text(&added.json()["lines"][lines], "id"));
    counts.push((
        "change",
        open("PATCH", &last).json(&json!({"quantity": 2})).send().await.expect(200).statements,
    ));
    counts.push(("remove", open("DELETE", &last).send().await.expect(200).statements));
    let placed = order_cart(&app, &cart, &token, "key").await.expect(201);
    counts.push(("order", placed.statements));
    let paid = confirm(&app, &placed.json(), &json!({"outcome": "succeed"})).await.expect(200);
    counts.push(("confirm", paid.statements));
    app.audit().await;
    counts
}

#[tokio::test]
async fn a_purchase_takes_as_many_statements_for_twenty_lines_as_for_one() {
    let one = counts(1).await;
    assert_eq!(counts(20).await, one);
    let expected = [
        ("create", 6),
        ("get", 2),
        ("patch", 1),
        // One that nobody has had in a cart yet has to be looked up.
        ("add", 2),
        ("change", 1),
        ("remove", 1),
        ("order", 5),
        ("confirm", 31),
    ];
    assert_eq!(one, expected);
}
