//! Carts, made and changed.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{address, filled_cart, order_cart, stocked};
use crate::admin::{Intruder, text};

fn codes(cart: &Value) -> Vec<&str> {
    cart["requirements"].as_array().unwrap().iter().map(|one| text(one, "code")).collect()
}

#[tokio::test]
async fn a_cart_is_made_without_a_body_or_with_an_empty_one() {
    let app = TestApp::new().await;
    for request in [app.post("/api/carts"), app.post("/api/carts").json(&json!({}))] {
        let made = request.send().await.expect(201).json();
        assert_eq!(
            (made["lines"].as_array().unwrap().len(), &made["totals"]["total"]["amount"]),
            (0, &json!(0))
        );
    }
}

#[tokio::test]
async fn a_guest_makes_a_cart_changes_it_and_opens_it_again() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (hat, hat_variant) = stocked(&app, "Hat", 1999, 5).await;
    let made = app.post("/api/carts").json(&json!({})).send().await.expect(201);
    let cart = made.json();
    let path = format!("/api/carts/{}", text(&cart, "id"));
    let token = text(&cart, "token").to_owned();
    assert_eq!((made.header("etag"), made.header("location")), ("\"v1\"", path.as_str()));
    assert_eq!(codes(&cart), ["lines_required", "email_required", "shipping_address_required"]);

    let lines = format!("{path}/lines");
    let add = |body: Value| app.post(&lines).header("cart-token", &token).json(&body);
    let one = add(json!({"variant_id": boot, "quantity": 1})).send().await.expect(201).json();
    assert!(one.get("token").is_none(), "a token is told once");
    let two = add(json!({"variant_id": boot, "quantity": 2})).send().await.expect(201).json();
    assert_eq!((two["lines"].as_array().unwrap().len(), &two["lines"][0]["quantity"]), (1, &json!(3)));
    let three = add(json!({"product_id": hat, "quantity": 1})).send().await.expect(201).json();
    assert_eq!(three["lines"][1]["variant_id"], hat_variant);
    assert_eq!(
        (&three["totals"]["total"]["amount"], &three["version"]),
        (&json!(3 * 5400 + 1999), &json!(4))
    );

    let line = format!("{lines}/{}", text(&three["lines"][0], "id"));
    let patched = app.patch(&line).header("cart-token", &token).if_match(4).json(&json!({"quantity": 1}));
    assert_eq!(patched.send().await.expect(200).json()["totals"]["total"]["amount"], 5400 + 1999);
    let stale = app.patch(&line).header("cart-token", &token).if_match(4).json(&json!({"quantity": 2}));
    assert_eq!(stale.send().await.expect(412).json()["current"], 5);
    let left = app.delete(&line).header("cart-token", &token).send().await.expect(200).json();
    assert_eq!(left["lines"].as_array().unwrap().len(), 1);

    let patch =
        json!({"email": "ada@example.com", "shipping_address": address(), "metadata": {"gift": true}});
    let ready = app.patch(&path).header("cart-token", &token).json(&patch).send().await.expect(200).json();
    assert_eq!((codes(&ready), text(&ready["shipping_address"], "city")), (Vec::new(), "Berlin"));
    let cleared = app.patch(&path).header("cart-token", &token).json(&json!({"email": null}));
    assert_eq!(codes(&cleared.send().await.expect(200).json()), ["email_required"]);
    let shown = app.get(&path).header("cart-token", &token).send().await.expect(200);
    assert_eq!((shown.header("etag"), shown.header("cache-control")), ("\"v8\"", "private, no-store"));
    assert_eq!(shown.json()["lines"], ready["lines"]);
    app.audit().await;
}

#[tokio::test]
async fn a_cart_that_was_ordered_is_closed_and_names_its_order() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (cart, token) = super::filled_cart(&app, &[(&boot, 1)]).await;
    let placed = order_cart(&app, &cart, &token, "key-1").await.expect(201).json();
    let again = order_cart(&app, &cart, &token, "key-2").await.expect(409).json();
    assert_eq!((text(&again, "code"), &again["order_id"]), ("cart_closed", &placed["order"]["id"]));
    let path = format!("/api/carts/{}", text(&cart, "id"));
    let late = app.patch(&path).header("cart-token", &token).json(&json!({"email": "b@example.com"}));
    assert_eq!(late.send().await.expect(409).code(), "cart_closed");
    let shown = app.get(&path).header("cart-token", &token).send().await.expect(200).json();
    assert_eq!(text(&shown, "status"), "ordered");
    app.audit().await;
}

#[tokio::test]
async fn a_cart_that_nobody_changes_is_forgotten() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (cart, token) = super::filled_cart(&app, &[(&boot, 1)]).await;
    let path = format!("/api/carts/{}", text(&cart, "id"));
    app.clock.advance(jiff::SignedDuration::from_hours(30 * 24 + 1));
    let _ = app.get(&path).header("cart-token", &token).send().await.expect(404);
    assert_eq!(order_cart(&app, &cart, &token, "key-1").await.expect(404).code(), "cart_not_found");
    assert_eq!(app.sweep_orders().await.carts, 1);
}

#[tokio::test]
async fn of_two_changes_at_once_none_is_lost() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (_, lamp) = stocked(&app, "Lamp", 1200, 9).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 1)]).await;
    let path = format!("/api/carts/{}", text(&cart, "id"));
    // Made by another process, so that this one remembers nothing of it.
    let app = app.beside();
    // Somebody else has changed the cart and not committed yet: what is read meanwhile is the cart of before.
    let intruder = Intruder::begin(
        &app,
        "update cart_line set quantity = 5; update cart set version = version + 1, email = 'eve@example.com'",
    )
    .await;
    let added = tokio::spawn({
        let (app, path, token) = (app.clone(), path.clone(), token.clone());
        async move {
            let line = json!({"variant_id": lamp, "quantity": 2});
            app.post(&format!("{path}/lines")).header("cart-token", &token).json(&line).send().await
        }
    });
    intruder.finish_when_waited_for("select 1").await;
    let added = added.await.unwrap().expect(201).json();
    let quantities: Vec<_> = (0..2).map(|line| added["lines"][line]["quantity"].clone()).collect();
    assert_eq!((quantities, &added["email"]), (vec![json!(5), json!(2)], &json!("eve@example.com")));
    let version = cart["version"].as_i64().unwrap();
    assert_eq!(added["version"], json!(version + 2));
    let kept = app.get(&path).header("cart-token", &token).send().await.expect(200).json();
    assert_eq!(kept, added);
}

#[tokio::test]
async fn what_is_changed_of_a_cart_is_kept() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 1)]).await;
    let path = format!("/api/carts/{}", text(&cart, "id"));
    let patch = json!({
        "locale": "de", "email": "bob@example.com", "metadata": {"gift": true}, "shipping_address": address(),
        "billing_address": null, "coupons": [],
    });
    let changed = app.patch(&path).header("cart-token", &token).json(&patch).send().await.expect(200).json();
    assert_eq!((text(&changed, "locale"), text(&changed, "email")), ("de", "bob@example.com"));
    let kept = app.get(&path).header("cart-token", &token).send().await.expect(200).json();
    assert_eq!(kept, changed);
}
