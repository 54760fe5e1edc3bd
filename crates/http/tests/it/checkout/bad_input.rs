//! What is refused, with what word, and that nothing of it is stored.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{address, filled_cart, stocked};
use crate::admin::{sql_value, text};

async fn assert_nothing_ordered(app: &TestApp) {
    let query = "select concat_ws('/', (select count(*) from orders), (select count(*) from reservation),
                        (select count(*) from ledger_txn), (select count(*) from payment))";
    assert_eq!(sql_value(app, query).await, "0/0/0/0");
    app.audit().await;
}

#[tokio::test]
async fn quantities_are_whole_numbers_from_one_and_prices_are_nobodys_to_say() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 1)]).await;
    let lines = format!("/api/carts/{}/lines", text(&cart, "id"));
    let line = format!("{lines}/{}", text(&cart["lines"][0], "id"));
    let quantities =
        ["-1", "0", "1.5", "\"2\"", "2147483648", "1000000000", "10000", "1e99", "null", "[1]", "true"];
    for quantity in quantities {
        let body = format!("{{\"variant_id\":\"{boot}\",\"quantity\":{quantity}}}");
        let items = format!("{{\"items\":[{body}],\"email\":\"ada@example.com\"}}");
        let made = format!("{{\"lines\":[{body}]}}");
        let patch = format!("{{\"quantity\":{quantity}}}");
        let order = app.post("/api/orders").header("idempotency-key", "key").raw("application/json", items);
        let added = app.post(&lines).header("cart-token", &token).raw("application/json", body);
        let cart = app.post("/api/carts").raw("application/json", made);
        let patched = app.patch(&line).header("cart-token", &token).raw("application/json", patch);
        for (request, param) in [
            (order, "$.items[0].quantity"),
            (added, "$.quantity"),
            (cart, "$.lines[0].quantity"),
            (patched, "$.quantity"),
        ] {
            let refused = request.send().await.expect(400).json();
            assert_eq!(text(&refused, "param"), param, "{quantity}: {refused}");
        }
    }
    for field in ["unit_price", "price", "compare_at_price", "total", "tax", "is_custom_price", "discount"] {
        for value in [json!(1), json!({"amount": 1, "currency": "EUR"})] {
            let line = json!({"variant_id": boot, "quantity": 1, field: value});
            let order = json!({"items": [line], "email": "ada@example.com", "shipping_address": address()});
            let whole = json!({"items": [{"variant_id": boot, "quantity": 1}], "email": "ada@example.com", field: value});
            let keyed = || app.post("/api/orders").header("idempotency-key", "key");
            for request in [
                keyed().json(&order),
                keyed().json(&whole),
                app.post(&lines).header("cart-token", &token).json(&line),
                app.post("/api/carts").json(&json!({"lines": [line]})),
                app.post("/api/carts").json(&json!({field: value})),
            ] {
                assert_eq!(request.send().await.expect(400).code(), "unknown_field", "{field}");
            }
        }
    }
    assert_nothing_ordered(&app).await;
}

/// So many notes of a client.
fn notes(numbers: std::ops::Range<u32>) -> Value {
    numbers.map(|number| (format!("key-{number}"), json!(number))).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn what_a_cart_and_its_order_note_together_is_no_more_than_either_may() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let (cart, token) = filled_cart(&app, &[(&boot, 1)]).await;
    let path = format!("/api/carts/{}", text(&cart, "id"));
    let patched = app.patch(&path).header("cart-token", &token).json(&json!({"metadata": notes(0..40)}));
    let _ = patched.send().await.expect(200);
    for (key, sent, status) in [("one", notes(40..80), 422), ("two", notes(0..40), 201)] {
        let order = app.post("/api/orders").header("cart-token", &token).header("idempotency-key", key);
        let answer = order.json(&json!({"cart_id": cart["id"], "metadata": sent})).send().await;
        if status == 422 {
            crate::store::assert_refused(&answer, 422, "too_many", "$.metadata", key);
            assert_nothing_ordered(&app).await;
        } else {
            let _ = answer.expect(status);
        }
    }
}

#[tokio::test]
async fn an_order_without_what_it_needs_is_refused_with_all_that_it_lacks() {
    let app = TestApp::new().await;
    let (boot, variant) = stocked(&app, "Boot", 5400, 5).await;
    let item = json!([{"variant_id": variant, "quantity": 1}]);
    let unknown = "var_01000000000000000000000001";
    let whole =
        |items: Value| json!({"items": items, "email": "a@example.com", "shipping_address": address()});
    let noted = |metadata: Value| {
        let mut body = whole(item.clone());
        body["metadata"] = metadata;
        body
    };
    for (body, status, code, param) in [
        (json!({}), 422, "required", "$.cart_id"),
        (whole(json!([])), 422, "lines_required", "$.items"),
        (json!({"items": item}), 422, "validation_failed", "$.email"),
        (json!({"items": item, "shipping_address": address()}), 422, "email_required", "$.email"),
        (
            json!({"items": item, "email": "a@example.com"}),
            422,
            "shipping_address_required",
            "$.shipping_address",
        ),
        (json!({"items": item, "email": "nobody"}), 422, "invalid_email", "$.email"),
        (whole(json!([{"quantity": 1}])), 422, "required", "$.items[0].variant_id"),
        (
            whole(json!([{"variant_id": variant, "product_id": boot, "quantity": 1}])),
            422,
            "required",
            "$.items[0].variant_id",
        ),
        (
            whole(json!([{"variant_id": unknown, "quantity": 1}])),
            422,
            "variant_not_found",
            "$.items[0].variant_id",
        ),
        (
            whole(json!([{"product_id": "prod_01000000000000000000000001", "quantity": 1}])),
            422,
            "product_not_found",
            "$.items[0].product_id",
        ),
        (whole(json!([{"variant_id": boot, "quantity": 1}])), 400, "invalid_value", "$.items[0].variant_id"),
        (json!({"cart_id": "cart_1"}), 400, "invalid_value", "$.cart_id"),
        (
            json!({"cart_id": "cart_01000000000000000000000001", "email": "a@example.com"}),
            422,
            "conflicting_fields",
            "$.email",
        ),
        (noted(json!({"a": {"b": 1}})), 422, "invalid_type", "$.metadata.a"),
        (noted(json!({"a": "x".repeat(1_000)})), 422, "too_long", "$.metadata.a"),
        (noted(notes(0..60)), 422, "too_many", "$.metadata"),
    ] {
        let answer = app.post("/api/orders").header("idempotency-key", "key").json(&body).send().await;
        crate::store::assert_refused(&answer, status, code, param, &body.to_string());
        let _ = sql_value(&app, "delete from idempotency_key").await;
    }
    let keyless = app.post("/api/orders").json(&whole(item.clone())).send().await.expect(400);
    assert_eq!(keyless.code(), "idempotency_key_required");
    let mut body = whole(item);
    body["payment"] = json!({"provider": "stripe"});
    let answer = app.post("/api/orders").header("idempotency-key", "key").json(&body).send().await;
    crate::store::assert_refused(&answer, 422, "unknown_provider", "$.payment.provider", "stripe");
    assert_nothing_ordered(&app).await;
}

#[tokio::test]
async fn a_product_with_several_variants_has_to_be_named_by_one_of_them() {
    let app = TestApp::new().await;
    let variants = ["S", "M"].map(|size| crate::store::variant(&json!({"Size": size}), 5400, 1));
    let more = json!({"options": [{"name": "Size", "values": ["S", "M"]}], "variants": variants});
    let boot = crate::store::put(&app, "Boot", 0, more).await;
    let refused = super::order_items(&app, json!([{"product_id": boot["id"], "quantity": 1}]), "key").await;
    crate::store::assert_refused(&refused, 422, "variant_required", "$.items[0].product_id", "two variants");
    assert_nothing_ordered(&app).await;
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_sold() {
    let app = TestApp::new().await;
    let (boot, variant) = stocked(&app, "Boot", 5400, 5).await;
    let (cart, token) = filled_cart(&app, &[(&variant, 1)]).await;
    let path = format!("/api/admin/products/{boot}/archive");
    let _ = app.post(&path).admin().header("if-match", "*").send().await.expect(200);
    let refused = super::order_cart(&app, &cart, &token, "key-1").await;
    crate::store::assert_refused(&refused, 409, "line_unavailable", "$.lines[0]", "an archived product");
    let items = super::order_items(&app, json!([{"variant_id": variant, "quantity": 1}]), "key-2").await;
    assert_eq!(items.expect(409).code(), "line_unavailable");
    let line = json!({"lines": [{"variant_id": variant, "quantity": 1}]});
    let made = app.post("/api/carts").json(&line).send().await;
    crate::store::assert_refused(&made, 422, "line_unavailable", "$.lines[0].variant_id", "a new cart");
    assert_nothing_ordered(&app).await;
}

#[tokio::test]
async fn an_order_that_comes_to_something_else_than_was_shown_is_refused() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let order = async |amount: i64, currency: &str, key: &str| {
        let body = json!({"items": [{"variant_id": boot, "quantity": 1}], "email": "ada@example.com",
            "shipping_address": address(), "expected_total": {"amount": amount, "currency": currency}});
        app.post("/api/orders").header("idempotency-key", key).json(&body).send().await
    };
    for (amount, currency) in [(5399, "EUR"), (5401, "EUR"), (5400, "USD"), (0, "EUR"), (-5400, "EUR")] {
        let refused = order(amount, currency, &format!("key{amount}{currency}")).await.expect(409).json();
        assert_eq!(text(&refused, "code"), "total_changed");
        assert_eq!(refused["current"], json!({"amount": 5400, "currency": "EUR"}));
    }
    assert_nothing_ordered(&app).await;
    let _ = order(5400, "EUR", "right").await.expect(201);
}

#[tokio::test]
async fn a_cart_has_a_hundred_lines_and_no_more_and_only_coupons_that_were_given_out() {
    let app = TestApp::new().await;
    let variants: Vec<Value> =
        (0..101).map(|number| crate::store::variant(&json!({"No": number.to_string()}), 100, 5)).collect();
    let values: Vec<String> = (0..101).map(|number: u32| number.to_string()).collect();
    let more = json!({"options": [{"name": "No", "values": values}], "variants": variants});
    let product = crate::store::put(&app, "Bead", 0, more).await;
    let ids: Vec<&str> =
        product["variants"].as_array().unwrap().iter().map(|variant| text(variant, "id")).collect();
    let lines: Vec<Value> = ids.iter().map(|id| json!({"variant_id": id, "quantity": 1})).collect();
    let refused = app.post("/api/carts").json(&json!({"lines": lines})).send().await;
    crate::store::assert_refused(&refused, 422, "too_many", "$.lines", "101 lines");
    let hundred: Vec<(&str, u32)> = ids.iter().take(100).map(|id| (*id, 1)).collect();
    let (cart, token) = filled_cart(&app, &hundred).await;
    let path = format!("/api/carts/{}", text(&cart, "id"));
    let one_more = json!({"variant_id": ids[100], "quantity": 1});
    let refused =
        app.post(&format!("{path}/lines")).header("cart-token", &token).json(&one_more).send().await;
    assert_eq!(refused.expect(422).code(), "too_many");
    let add = |code: &str| {
        app.post(&format!("{path}/coupons")).header("cart-token", &token).json(&json!({"code": code}))
    };
    let unknown = add("NOBODYGAVE").send().await;
    crate::store::assert_refused(&unknown, 422, "coupon_not_found", "$.code", "a coupon nobody gave out");
    for code in ["x", "", "with space", &"x".repeat(65)] {
        assert_eq!(add(code).send().await.expect(422).code(), "invalid_coupon", "{code}");
    }
    let removed = app.delete(&format!("{path}/coupons/NOBODYGAVE")).header("cart-token", &token).send().await;
    assert_eq!(removed.expect(404).code(), "coupon_not_found");
    assert_nothing_ordered(&app).await;
}
