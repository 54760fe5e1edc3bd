//! Whose carts, orders and payments are whose: what is somebody else's is as if it were not there.

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestRequest, TestResponse};

use super::{filled_cart, order_cart, order_items, stocked};
use crate::admin::{Intruder, text};

/// A problem without what differs between any two answers.
fn told(response: &TestResponse) -> Value {
    let mut problem = response.json();
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

/// Every way to a thing of a guest's: method, path, body. `<id>` stands for its id, `<line>` for its line's.
const CART_WAYS: [(&str, &str, &str); 11] = [
    ("GET", "/api/carts/<id>", ""),
    ("PATCH", "/api/carts/<id>", r#"{"email":"eve@example.com"}"#),
    ("POST", "/api/carts/<id>/lines", r#"{"variant_id":"<variant>","quantity":1}"#),
    ("PATCH", "/api/carts/<id>/lines/<line>", r#"{"quantity":2}"#),
    ("DELETE", "/api/carts/<id>/lines/<line>", ""),
    ("POST", "/api/carts/<id>/coupons", r#"{"code":"WELCOME10"}"#),
    ("DELETE", "/api/carts/<id>/coupons/WELCOME10", ""),
    ("GET", "/api/carts/<id>/shipping-methods", ""),
    ("GET", "/api/carts/<id>/explain", ""),
    ("POST", "/api/orders", r#"{"cart_id":"<id>"}"#),
    ("POST", "/api/carts/<id>/merge", ""),
];

const ORDER_WAYS: [(&str, &str, &str); 2] =
    [("GET", "/api/orders/<id>", ""), ("POST", "/api/orders/<id>/cancel", "")];

const PAYMENT_WAYS: [(&str, &str, &str); 3] = [
    ("GET", "/api/payments/<id>", ""),
    ("GET", "/api/payments/<id>/status", ""),
    ("POST", "/api/payments/<id>/confirm", r#"{"outcome":"succeed"}"#),
];

/// Goes a way with each of these keys in hand, to the thing and to one that never was: both get the same answer.
async fn assert_closed(
    app: &TestApp,
    (method, path, body): (&str, &str, &str),
    fill: impl Fn(&str) -> [String; 2],
    opened_with: &[(&str, &str)],
) {
    let request = |id: usize| {
        let path = fill(path)[id].clone();
        let mut request: TestRequest<'_> = app.request(method.parse().unwrap(), &path);
        if path == "/api/orders" || path.ends_with("/confirm") {
            request = request.header("idempotency-key", &format!("key-{id}"));
        }
        if !body.is_empty() {
            request = request.raw("application/json", fill(body)[id].clone());
        }
        request
    };
    for (header, value) in opened_with {
        let theirs = request(0).header(header, value).send().await.expect(404);
        let never = request(1).header(header, value).send().await.expect(404);
        assert_eq!(told(&theirs), told(&never), "{method} {path} with {header}");
        let _ = crate::admin::sql(app, "delete from idempotency_key").await;
    }
    assert_eq!(request(0).send().await.expect(401).header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 1)]).await;
    let (_, others) = filled_cart(&app, &[(&boot, 1)]).await;
    let eve = app.customer("eve@example.com").await;
    let bearer = format!("Bearer {}", eve.access_token);
    let line = text(&cart["lines"][0], "id").to_owned();
    let cart_ids = [text(&cart, "id"), "cart_01000000000000000000000001"];
    let fill = |ids: [&str; 2], template: &str| {
        ids.map(|id| template.replace("<id>", id).replace("<line>", &line).replace("<variant>", &boot))
    };
    let keys =
        [("cart-token", others.as_str()), ("cart-token", "ct_nonsense"), ("authorization", bearer.as_str())];
    for way in CART_WAYS.into_iter().filter(|(_, path, _)| !path.ends_with("/merge")) {
        assert_closed(&app, way, |template| fill(cart_ids, template), &keys).await;
    }
    let merge = format!("/api/carts/{}/merge", cart_ids[0]);
    let with = |token: &str| app.post(&merge).bearer(&eve.access_token).header("cart-token", token);
    assert_eq!(with(&others).send().await.expect(404).code(), "cart_not_found");

    let placed = order_cart(&app, &cart, &token, "key-1").await.expect(201).json();
    let other =
        order_items(&app, json!([{"variant_id": boot, "quantity": 1}]), "key-2").await.expect(201).json();
    let (order, payment) = (text(&placed["order"], "id"), text(&placed["payment"], "id"));
    let keys = [
        ("order-token", text(&other, "order_token")),
        ("order-token", "ot_nonsense"),
        ("order-token", ""),
        ("authorization", bearer.as_str()),
    ];
    let order_ids = [order, "ord_01000000000000000000000001"];
    for way in ORDER_WAYS {
        assert_closed(&app, way, |template| fill(order_ids, template), &keys).await;
    }
    let payment_ids = [payment, "pay_01000000000000000000000001"];
    for way in PAYMENT_WAYS {
        assert_closed(&app, way, |template| fill(payment_ids, template), &keys).await;
    }
    let order = super::shown(&app, &placed).await;
    assert_eq!((text(&order, "status"), &order["version"]), ("pending", &json!(1)));
}

#[tokio::test]
async fn a_customers_cart_and_orders_are_opened_by_the_session_alone() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let ada = app.customer("ada@example.com").await;
    let body = json!({"lines": [{"variant_id": boot, "quantity": 1}], "email": "ada@example.com",
        "shipping_address": super::address()});
    let cart = app.post("/api/carts").bearer(&ada.access_token).json(&body).send().await.expect(201).json();
    assert!(cart.get("token").is_none());
    let carts = app.get("/api/carts").bearer(&ada.access_token).send().await.expect(200).json();
    assert_eq!(carts["data"][0]["id"], cart["id"]);
    let order = app.post("/api/orders").bearer(&ada.access_token).header("idempotency-key", "key");
    let placed = order.json(&json!({"cart_id": cart["id"]})).send().await.expect(201).json();
    assert!(placed.get("order_token").is_none());
    assert_eq!(placed["order"]["customer_id"], ada.id);
    let confirm = format!("/api/payments/{}/confirm", text(&placed["payment"], "id"));
    let paid = app
        .post(&confirm)
        .bearer(&ada.access_token)
        .header("idempotency-key", "confirm")
        .json(&json!({"outcome": "succeed"}));
    let _ = paid.send().await.expect(200);
    let orders = app.get("/api/orders").bearer(&ada.access_token).send().await.expect(200).json();
    assert_eq!(
        (&orders["data"][0]["id"], text(&orders["data"][0], "payment_status")),
        (&placed["order"]["id"], "paid")
    );
    let _ = app.get("/api/orders").send().await.expect(401);
    let _ = app.get("/api/carts").send().await.expect(401);
    app.audit().await;
}

#[tokio::test]
async fn a_guests_cart_is_merged_at_login_and_the_order_is_claimed() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (_, hat) = stocked(&app, "Hat", 1999, 9).await;
    let ada = app.customer("ada@example.com").await;
    let own = json!({"lines": [{"variant_id": boot, "quantity": 1}]});
    let own = app.post("/api/carts").bearer(&ada.access_token).json(&own).send().await.expect(201).json();
    let (guest, token) = filled_cart(&app, &[(&boot, 2), (&hat, 1)]).await;
    let path = format!("/api/carts/{}/merge", text(&guest, "id"));
    let merged = app.post(&path).bearer(&ada.access_token).header("cart-token", &token);
    let merged = merged.send().await.expect(200).json();
    assert_eq!(merged["id"], own["id"]);
    let lines: Vec<(&Value, &Value)> = merged["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["variant_id"], &line["quantity"]))
        .collect();
    assert_eq!(lines, [(&json!(boot), &json!(3)), (&json!(hat), &json!(1))]);
    let late = order_cart(&app, &guest, &token, "key-1").await.expect(409).json();
    assert_eq!((text(&late, "code"), &late["cart_id"]), ("cart_closed", &own["id"]));

    let placed =
        order_items(&app, json!([{"variant_id": hat, "quantity": 1}]), "key-2").await.expect(201).json();
    let claim = format!("/api/orders/{}/claim", text(&placed["order"], "id"));
    let token = text(&placed, "order_token");
    assert_eq!(
        app.post(&claim).header("order-token", token).send().await.expect(401).code(),
        "authentication_required"
    );
    let claimed = app.post(&claim).bearer(&ada.access_token).header("order-token", token).send().await;
    assert_eq!(claimed.expect(200).json()["customer_id"], ada.id);
    let order = format!("/api/orders/{}", text(&placed["order"], "id"));
    let _ = app.get(&order).header("order-token", token).send().await.expect(404);
    let _ = app.get(&order).bearer(&ada.access_token).send().await.expect(200);
    app.audit().await;
}

/// An order of both carts locks them by their ids; whoever merges them does not hold the later one meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_merge_of_two_carts_and_orders_of_both_do_not_wait_in_a_circle() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let ada = app.customer("ada@example.com").await;
    let (guest, token) = filled_cart(&app, &[(&boot, 2)]).await;
    let own = json!({"lines": [{"variant_id": boot, "quantity": 1}]});
    let own = app.post("/api/carts").bearer(&ada.access_token).json(&own).send().await.expect(201).json();
    let lock = |cart: &Value| {
        let id: tradepost_domain::kernel::ids::CartId = text(cart, "id").parse().unwrap();
        let uuid = tradepost_domain::kernel::ids::EntityId::as_uuid(&id);
        format!("select 1 from cart where id = '{uuid}' for no key update")
    };
    assert!(text(&guest, "id") < text(&own, "id"), "the guest's is the one that is locked first");
    let orders = Intruder::begin(&app, &lock(&guest)).await;
    let merge = tokio::spawn({
        let (app, path) = (app.clone(), format!("/api/carts/{}/merge", text(&guest, "id")));
        let bearer = ada.access_token.clone();
        async move { app.post(&path).bearer(&bearer).header("cart-token", &token).send().await }
    });
    orders.wait_until_waited_for_by(1).await;
    orders.finish(&lock(&own)).await;
    let merged = merge.await.unwrap().expect(200).json();
    assert_eq!((&merged["id"], &merged["lines"][0]["quantity"]), (&own["id"], &json!(3)));
    app.audit().await;
}

/// What came of bringing a cart: the cart's id with its lines' quantities, and the problem's code.
fn brought(answer: &Value) -> (&Value, Vec<&Value>, &Value) {
    assert!(answer["access_token"].is_string() && answer["refresh_token"].is_string());
    let lines = answer["cart"]["lines"].as_array().into_iter().flatten();
    (&answer["cart"]["id"], lines.map(|line| &line["quantity"]).collect(), &answer["cart_problem"]["code"])
}

async fn sign_in(app: &TestApp, email: &str, cart: &Value, token: Option<&str>) -> TestResponse {
    let body = json!({"email": email, "password": tradepost_testkit::TEST_PASSWORD, "cart_id": cart["id"]});
    let mut request = app.post("/api/auth/login").json(&body);
    if let Some(token) = token {
        request = request.header("cart-token", token);
    }
    request.send().await
}

#[tokio::test]
async fn a_guests_cart_is_merged_by_the_login_itself_however_often_it_is_sent() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (_, hat) = stocked(&app, "Hat", 1999, 9).await;
    let ada = app.customer("ada@example.com").await;
    let own = json!({"lines": [{"variant_id": boot, "quantity": 1}]});
    let own = app.post("/api/carts").bearer(&ada.access_token).json(&own).send().await.expect(201).json();
    let (guest, token) = filled_cart(&app, &[(&boot, 2), (&hat, 1)]).await;
    let mut statements = Vec::new();
    for _ in 0..3 {
        let answer = sign_in(&app, &ada.email, &guest, Some(&token)).await.expect(200);
        statements.push(answer.statements);
        let answer = answer.json();
        assert_eq!(brought(&answer), (&own["id"], vec![&json!(3), &json!(1)], &Value::Null));
    }
    assert_eq!(
        app.get(&format!("/api/carts/{}", text(&guest, "id")))
            .header("cart-token", &token)
            .send()
            .await
            .expect(200)
            .json()["status"],
        "merged"
    );
    // Without a cart, nothing is said of one.
    let body = json!({"email": ada.email, "password": tradepost_testkit::TEST_PASSWORD});
    let plain = app.post("/api/auth/login").header("cart-token", &token).json(&body).send().await.expect(200);
    assert!(plain.json().get("cart").is_none() && plain.json().get("cart_problem").is_none());
    app.audit().await;
}

#[tokio::test]
async fn a_cart_that_cannot_be_merged_keeps_nobody_from_signing_in() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let ada = app.customer("ada@example.com").await;
    let eve = app.customer("eve@example.com").await;
    let own = json!({"lines": [{"variant_id": boot, "quantity": 1}]});
    let own = app.post("/api/carts").bearer(&ada.access_token).json(&own).send().await.expect(201).json();
    let (guest, token) = filled_cart(&app, &[(&boot, 2)]).await;
    let (other, others) = filled_cart(&app, &[(&boot, 4)]).await;
    let never = json!({"id": "cart_01000000000000000000000001"});
    for (cart, token, code) in [
        (&guest, Some(others.as_str()), "cart_not_found"),
        (&guest, Some("ct_nonsense"), "cart_not_found"),
        (&never, Some(token.as_str()), "cart_not_found"),
        (&guest, None, "cart_token_required"),
    ] {
        let answer = sign_in(&app, &ada.email, cart, token).await.expect(200).json();
        assert_eq!(brought(&answer), (&own["id"], vec![&json!(1)], &json!(code)));
    }
    // What became somebody else's cart, or an order, is not had by sending its token again.
    let _ = sign_in(&app, &eve.email, &guest, Some(&token)).await.expect(200);
    let answer = sign_in(&app, &ada.email, &guest, Some(&token)).await.expect(200).json();
    assert_eq!(brought(&answer), (&own["id"], vec![&json!(1)], &json!("cart_not_found")));
    let _ = order_cart(&app, &other, &others, "key").await.expect(201);
    let answer = sign_in(&app, &ada.email, &other, Some(&others)).await.expect(200).json();
    assert_eq!(brought(&answer), (&own["id"], vec![&json!(1)], &json!("cart_closed")));
    // A wrong password merges nothing.
    let (left, token) = filled_cart(&app, &[(&boot, 3)]).await;
    let body = json!({"email": ada.email, "password": "something else", "cart_id": left["id"]});
    let _ = app.post("/api/auth/login").header("cart-token", &token).json(&body).send().await.expect(401);
    let still = app.get(&format!("/api/carts/{}", text(&left, "id"))).header("cart-token", &token);
    assert_eq!(still.send().await.expect(200).json()["status"], "open");
    for bad in [json!("cart_1"), json!(7)] {
        let body = json!({"email": ada.email, "password": tradepost_testkit::TEST_PASSWORD, "cart_id": bad});
        let _ = app.post("/api/auth/login").json(&body).send().await.expect(400);
    }
    app.audit().await;
}

#[tokio::test]
async fn a_new_customer_takes_the_guests_cart_over() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (guest, token) = filled_cart(&app, &[(&boot, 2)]).await;
    let body = json!({"email": "ada@example.com", "password": tradepost_testkit::TEST_PASSWORD,
        "cart_id": guest["id"]});
    let made = app.post("/api/auth/register").header("cart-token", &token).json(&body).send().await;
    let made = made.expect(201).json();
    assert_eq!(brought(&made), (&guest["id"], vec![&json!(2)], &Value::Null));
    let path = format!("/api/carts/{}", text(&guest, "id"));
    let _ = app.get(&path).header("cart-token", &token).send().await.expect(404);
    let _ = app.get(&path).bearer(text(&made, "access_token")).send().await.expect(200);
    let again = sign_in(&app, "ada@example.com", &guest, Some(&token)).await.expect(200).json();
    assert_eq!(brought(&again), (&guest["id"], vec![&json!(2)], &Value::Null));
    app.audit().await;
}
