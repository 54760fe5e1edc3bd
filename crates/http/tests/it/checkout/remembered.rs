//! Carts that are changed by what a process remembers: in one statement, and never by what is not so any more.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{EntityId, VariantId};
use tradepost_testkit::{TestApp, TestResponse};

use super::{filled_cart, order_cart, order_items, stocked};
use crate::admin::{Intruder, make, sql, text};
use crate::store::change;

/// A cart in the hands of its guest.
#[derive(Clone)]
struct Guest {
    path: String,
    token: String,
}

impl Guest {
    /// With a cart of one boot and one lamp, in a shop that hears of changes and remembers all of it.
    async fn begin(app: &TestApp) -> (Self, Goods) {
        let (product, boot) = stocked(app, "Boot", 5400, 50).await;
        let (_, lamp) = stocked(app, "Lamp", 1200, 50).await;
        app.project().await;
        let (cart, token) = filled_cart(app, &[(&boot, 1), (&lamp, 1)]).await;
        let guest = Self { path: format!("/api/carts/{}", text(&cart, "id")), token };
        let _ = guest.get(app).await;
        (guest, Goods { product, boot, lamp, cart })
    }

    async fn add(&self, app: &TestApp, variant: &str) -> TestResponse {
        let line = json!({"variant_id": variant, "quantity": 1});
        app.post(&format!("{}/lines", self.path)).header("cart-token", &self.token).json(&line).send().await
    }

    async fn set(&self, app: &TestApp, line: &Value, quantity: u32) -> TestResponse {
        let path = format!("{}/lines/{}", self.path, text(line, "id"));
        app.patch(&path).header("cart-token", &self.token).json(&json!({"quantity": quantity})).send().await
    }

    async fn get(&self, app: &TestApp) -> Value {
        app.get(&self.path).header("cart-token", &self.token).send().await.expect(200).json()
    }
}

struct Goods {
    product: String,
    boot: String,
    lamp: String,
    cart: Value,
}

fn quantities(cart: &Value) -> Vec<i64> {
    cart["lines"].as_array().unwrap().iter().map(|line| line["quantity"].as_i64().unwrap()).collect()
}

fn total(cart: &Value) -> i64 {
    cart["totals"]["total"]["amount"].as_i64().unwrap()
}

fn requirements(cart: &Value) -> Vec<&str> {
    cart["requirements"].as_array().unwrap().iter().map(|one| text(one, "code")).collect()
}

#[tokio::test]
async fn what_is_answered_from_memory_is_what_is_stored() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let lines = format!("{}/lines/{}", guest.path, text(&goods.cart["lines"][0], "id"));
    let open = |method: &str, path: &str| {
        app.request(method.parse().unwrap(), path).header("cart-token", &guest.token)
    };
    let steps = [
        (
            "POST",
            format!("{}/lines", guest.path),
            json!({"variant_id": goods.boot, "quantity": 2, "metadata": {"a": 1}}),
        ),
        ("PATCH", lines.clone(), json!({"quantity": 7})),
        (
            "PATCH",
            guest.path.clone(),
            json!({"email": "eve@example.com", "metadata": {"b": "c"}, "locale": "de"}),
        ),
        ("PATCH", guest.path.clone(), json!({"shipping_address": null, "billing_address": super::address()})),
        ("DELETE", lines.clone(), json!(null)),
        ("POST", format!("{}/lines", guest.path), json!({"variant_id": goods.boot, "quantity": 1})),
    ];
    for (method, path, body) in steps {
        let request = open(method, &path);
        let request = if body.is_null() { request } else { request.json(&body) };
        let changed = request.send().await;
        assert!(changed.status.is_success(), "{method} {path}: {}", changed.status);
        let expected = if body["locale"].is_null() { 1 } else { 2 };
        assert_eq!(changed.statements, expected, "{method} {path} {body}");
        assert_eq!(guest.get(&app).await, changed.json(), "{method} {path} {body}");
    }
    app.audit().await;
}

#[tokio::test]
async fn two_processes_that_change_one_cart_in_turn_lose_nothing() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let other = app.beside();
    other.project().await;
    let version = goods.cart["version"].as_i64().unwrap();
    for round in 1..=3 {
        for (number, process) in [&app, &other, &other].into_iter().enumerate() {
            let variant = if number == 1 { &goods.lamp } else { &goods.boot };
            let changed = guest.add(process, variant).await.expect(201).json();
            let expected = version + 3 * (round - 1) + i64::try_from(number).unwrap() + 1;
            assert_eq!(changed["version"], json!(expected));
            assert_eq!(guest.get(&app.beside()).await, changed);
        }
    }
    assert_eq!(quantities(&guest.get(&app).await), [7, 4]);
    // Who read the version that the other process made may change it here, where it is not known yet.
    let seen = guest.add(&other, &goods.boot).await.expect(201).json();
    let patch = |version: i64| {
        let request = app.patch(&guest.path).header("cart-token", &guest.token).if_match(version);
        request.json(&json!({"email": "eve@example.com"}))
    };
    let version = seen["version"].as_i64().unwrap();
    let _ = patch(version).send().await.expect(200);
    assert_eq!(patch(version).send().await.expect(412).json()["current"], json!(version + 1));
    app.audit().await;
}

#[tokio::test]
async fn a_new_price_is_in_the_next_answer_whether_it_was_heard_of_or_not() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    assert_eq!(total(&guest.add(&app, &goods.lamp).await.expect(201).json()), 5400 + 2 * 1200);
    let price = |cents: i64| {
        let body = json!({"variants": [{"id": goods.boot, "price": {"amount": cents, "currency": "EUR"}}]});
        let path = format!("/api/admin/products/{}", goods.product);
        let app = app.clone();
        async move { change(&app, &path, &body).await }
    };
    price(5000).await;
    let unheard = guest.add(&app, &goods.lamp).await.expect(201);
    assert_eq!(total(&unheard.json()), 5000 + 3 * 1200);
    assert!(unheard.statements > 1, "what was remembered is not so any more");
    price(4000).await;
    app.project().await;
    let heard = guest.add(&app, &goods.lamp).await.expect(201);
    assert_eq!(total(&heard.json()), 4000 + 4 * 1200);
    let after = guest.add(&app, &goods.lamp).await.expect(201);
    assert_eq!((total(&after.json()), after.statements), (4000 + 5 * 1200, 1));
    app.audit().await;
}

#[tokio::test]
async fn new_rules_are_in_the_next_answer() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let _ = guest.add(&app, &goods.lamp).await.expect(201);
    let tenth = json!({"name": "Tenth", "effect": {"percentage": {"level": "order", "bps": 1000}}});
    let _ = make(&app, "/api/admin/promotions", &tenth).await;
    let cheaper = guest.add(&app, &goods.lamp).await.expect(201);
    assert_eq!(total(&cheaper.json()), (5400 + 3 * 1200) * 9 / 10);
    assert_eq!(guest.add(&app, &goods.lamp).await.expect(201).statements, 1);
    app.audit().await;
}

#[tokio::test]
async fn what_is_left_of_the_goods_is_told_as_it_is() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let many = guest.set(&app, &goods.cart["lines"][0], 48).await.expect(200);
    assert_eq!((requirements(&many.json()), many.statements), (vec![], 1));
    // So few that shoppers see no difference: nobody is told of it.
    let items = json!([{"variant_id": goods.boot, "quantity": 5}]);
    let _ = order_items(&app, items, "key").await.expect(201);
    let short = guest.add(&app, &goods.lamp).await.expect(201);
    assert_eq!((requirements(&short.json()), short.statements), (vec!["insufficient_stock"], 1));
    assert!(text(&short.json()["requirements"][0], "message").starts_with("45 can be had"));
    app.audit().await;
}

#[tokio::test]
async fn goods_that_are_archived_or_gone_are_seen_at_once() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let path = format!("/api/admin/products/{}", goods.product);
    let _ = change(&app, &path, &json!({"status": "archived"})).await;
    let archived = guest.add(&app, &goods.lamp).await.expect(201).json();
    assert_eq!(requirements(&archived), ["line_unavailable"]);
    assert_eq!(total(&archived), 2 * 1200);
    let _ = app.delete(&path).admin().header("if-match", "*").send().await.expect(204);
    let deleted = guest.add(&app, &goods.lamp).await.expect(201).json();
    assert_eq!((quantities(&deleted), requirements(&deleted)), (vec![3], vec![]));
    assert_eq!(guest.get(&app).await, deleted);
    let _ = guest.set(&app, &goods.cart["lines"][0], 2).await.expect(404);
    app.audit().await;
}

#[tokio::test]
async fn goods_that_go_while_their_line_is_changed_are_gone() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let id: VariantId = goods.boot.parse().unwrap();
    let id = id.as_uuid();
    // Not committed yet: what the change reads is the product of before.
    let going = format!(
        "delete from stock_level where variant_id = '{id}'; delete from variant where id = '{id}';
         update product set version = version + 1"
    );
    let intruder = Intruder::begin(&app, &going).await;
    let changed = tokio::spawn({
        let (app, guest, line) = (app.clone(), guest.clone(), goods.cart["lines"][0].clone());
        async move { guest.set(&app, &line, 2).await }
    });
    intruder.finish_when_waited_for("select 1").await;
    let _ = changed.await.unwrap().expect(404);
    assert_eq!(quantities(&guest.get(&app).await), [1]);
    app.leave_broken("stock was taken away without a movement");
}

#[tokio::test]
async fn a_remembered_cart_opens_to_its_owner_alone() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let (_, token) = filled_cart(&app, &[(&goods.boot, 1)]).await;
    let stranger = Guest { path: guest.path.clone(), token };
    assert_eq!(stranger.add(&app, &goods.boot).await.expect(404).code(), "cart_not_found");
    let nobody = app.post(&format!("{}/lines", guest.path)).header("cart-token", "ct_x");
    let line = json!({"variant_id": goods.boot, "quantity": 1});
    assert_eq!(nobody.json(&line).send().await.expect(404).code(), "cart_not_found");
    assert_eq!(quantities(&guest.get(&app).await), [1, 1]);
}

#[tokio::test]
async fn a_remembered_cart_that_another_process_ordered_is_closed_and_one_whose_time_ran_out_is_forgotten() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let _ = guest.add(&app, &goods.lamp).await.expect(201);
    let placed = order_cart(&app.beside(), &goods.cart, &guest.token, "key").await.expect(201).json();
    let late = guest.add(&app, &goods.lamp).await.expect(409).json();
    assert_eq!((text(&late, "code"), &late["order_id"]), ("cart_closed", &placed["order"]["id"]));

    let (guest, _) = Guest::begin(&app).await;
    app.clock.advance(SignedDuration::from_hours(30 * 24 + 1));
    let _ = guest.add(&app, &goods.lamp).await.expect(404);
    let (guest, _) = Guest::begin(&app).await;
    let _ = sql(&app, "delete from cart").await;
    let _ = guest.add(&app, &goods.lamp).await.expect(404);
    app.audit().await;
}

/// Another process writes first and commits while the change of this one waits for the cart's row.
#[tokio::test]
async fn of_two_processes_that_remember_the_same_cart_the_slower_one_decides_anew() {
    let app = TestApp::new().await;
    let (guest, goods) = Guest::begin(&app).await;
    let boot = &goods.cart["lines"][0];
    let intruder = Intruder::begin(
        &app,
        "update cart set version = version + 1, email = 'eve@example.com'; update cart_line set quantity = 5",
    )
    .await;
    let added = tokio::spawn({
        let (app, guest, boot) = (app.clone(), guest.clone(), goods.boot.clone());
        async move { guest.add(&app, &boot).await }
    });
    intruder.finish_when_waited_for("select 1").await;
    let added = added.await.unwrap().expect(201).json();
    assert_eq!((quantities(&added), &added["email"]), (vec![6, 5], &json!("eve@example.com")));
    assert_eq!(added["version"], json!(goods.cart["version"].as_i64().unwrap() + 2));
    assert_eq!(guest.get(&app).await, added);
    // And the other way round: what this process stored first is not lost to one that remembers what was before.
    let other = app.beside();
    let _ = guest.get(&other).await;
    let _ = guest.set(&app, boot, 9).await.expect(200);
    assert_eq!(quantities(&guest.add(&other, &goods.boot).await.expect(201).json()), [10, 5]);
    app.audit().await;
}
