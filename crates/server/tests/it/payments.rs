//! What the configuration says of payments is what the running shop does.

use serde_json::{Value, json};

use super::process::{Demo, folder, get, get_with, post_with, run, tradepost};

fn read(answer: Option<(u16, String)>, expected: u16) -> Value {
    let (status, body) = answer.unwrap();
    assert_eq!(status, expected, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap()
}

/// Places an order of one unit of something and pays for it; the payment's id, and how to look at the order.
fn buy(shop: &Value) -> (String, impl Fn() -> String) {
    let page = read(
        get(shop, "/api/products?limit=1&filter%5Bin_stock%5D=true&filter%5Bprice%5D%5Bgte%5D=1000"),
        200,
    );
    let product = read(get(shop, &format!("/api/products/{}", text(&page, "/data/0/handle"))), 200);
    let variants = product.pointer("/variants").and_then(Value::as_array).unwrap();
    let variant = variants.iter().find(|variant| text(variant, "/availability") != "out_of_stock").unwrap();
    let order = json!({
        "items": [{"variant_id": text(variant, "/id"), "quantity": 1}], "email": "ada@example.com",
        "shipping_address": {"first_name": "Ada", "last_name": "Lovelace", "line1": "Hauptstr. 1",
                             "postal_code": "10115", "city": "Berlin", "country": "DE"},
    });
    let placed = read(post_with(shop, "/api/orders", "idempotency-key: order\r\n", &order), 201);
    let token = format!("order-token: {}\r\n", text(&placed, "/order_token"));
    let payment = text(&placed, "/payment/id").to_owned();
    let confirm = format!("/api/payments/{payment}/confirm");
    let keyed = format!("{token}idempotency-key: confirm\r\n");
    read(post_with(shop, &confirm, &keyed, &json!({"outcome": "succeed"})), 200);
    let (shop, path) = (shop.clone(), format!("/api/orders/{}", text(&placed, "/order/id")));
    (payment, move || text(&read(get_with(&shop, &path, &token), 200), "/payment_status").to_owned())
}

#[test]
fn money_is_taken_at_once_or_set_aside_as_the_configuration_says() {
    for capture in ["automatic", "manual"] {
        let folder = folder();
        let data = folder.path().join("demo");
        let variables = [("TRADEPOST_PAYMENT_CAPTURE", capture)];
        let mut demo = Demo::start_configured(&data, &["--products", "20"], &variables);
        let shop = demo.ready();
        let (payment, status) = buy(&shop);
        if capture == "manual" {
            assert_eq!(status(), "authorized");
            let path = format!("/api/admin/payments/{payment}/capture");
            let key = text(&shop, "/admin_api_key");
            let staff = format!("authorization: Bearer {key}\r\nif-match: *\r\nidempotency-key: capture\r\n");
            read(post_with(&shop, &path, &staff, &json!({})), 200);
        }
        assert_eq!(status(), "paid", "{capture}");
        let sound = run(&["doctor", "--data", data.to_str().unwrap()]);
        assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stdout));
    }
}

#[test]
fn with_stripe_and_without_the_secret_of_its_webhooks_no_shop_starts() {
    for secret in [None, Some("")] {
        let mut command = tradepost(&["serve"]);
        command.env("TRADEPOST_STRIPE_SECRET_KEY", "sk_test_secretword");
        command.envs(secret.map(|secret| ("TRADEPOST_STRIPE_WEBHOOK_SECRET", secret)));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("stripe_webhook_secret") && !said.contains("secretword"), "{said}");
    }
}
