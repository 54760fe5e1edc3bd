//! What a customer who has ordered takes along, and what of the person is left behind.

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestCustomer};

use crate::admin::{sql, sql_value, text};
use crate::checkout::stocked;

fn home() -> Value {
    json!({"first_name": "Ada", "last_name": "Lovelace", "line1": "12 St James's Square", "city": "London",
        "postal_code": "SW1Y 4JH", "country": "GB", "phone": "+44 20 7946 0000"})
}

/// What tells of the person.
const TRACES: [&str; 5] = ["ada@example.com", "Lovelace", "James", "7946", "for my mother"];

/// Everything in a table, as text.
async fn dump(app: &TestApp, table: &str) -> String {
    sql_value(app, &format!("select coalesce(string_agg(t::text, ' '), '') from {table} t")).await
}

/// Orders one of a variant as a customer, and pays.
async fn buy(app: &TestApp, ada: &TestCustomer, variant: &str, key: &str) -> Value {
    let body = json!({"items": [{"variant_id": variant, "quantity": 1, "metadata": {"card": "for my mother"}}],
        "email": "ada@example.com", "shipping_address": home(), "metadata": {"note": "for my mother"}});
    let order = app.post("/api/orders").bearer(&ada.access_token).header("idempotency-key", key).json(&body);
    let placed = order.send().await.expect(201).json();
    let path = format!("/api/payments/{}/confirm", text(&placed["payment"], "id"));
    let pay = app.post(&path).bearer(&ada.access_token).header("idempotency-key", &format!("pay-{key}"));
    let _ = pay.json(&json!({"outcome": "succeed"})).send().await.expect(200);
    placed["order"].clone()
}

fn of_order(order: &Value, rest: &str) -> String {
    format!("/api/admin/orders/{}{rest}", text(order, "id"))
}

async fn as_staff(app: &TestApp, path: &str, key: &str, body: Value) -> Value {
    let request = app.post(path).admin().header("if-match", "*").header("idempotency-key", key);
    request.json(&body).send().await.expect(201).json()
}

async fn send(app: &TestApp, order: &Value, key: &str) {
    let made = as_staff(app, &of_order(order, "/fulfillments"), key, json!({})).await;
    let path = of_order(order, &format!("/fulfillments/{}/shipments", text(&made, "id")));
    let parcel = json!({"tracking_number": "Lovelace-1", "tracking_url": "https://post.example/Lovelace"});
    let _ = as_staff(app, &path, &format!("{key}-sent"), parcel).await;
}

async fn read(app: &TestApp, order: &Value) -> Value {
    app.get(&of_order(order, "")).admin().send().await.expect(200).json()
}

/// Ada, with an order that has arrived, one that is still to be sent, and a cart.
async fn ada() -> (TestApp, TestCustomer, [Value; 2]) {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5_400, 9).await;
    let ada = app.customer("ada@example.com").await;
    let sent = buy(&app, &ada, &boot, "sent").await;
    send(&app, &sent, "f").await;
    let amount = json!({"amount": {"amount": 400, "currency": "EUR"}, "reason": "late"});
    let _ = as_staff(&app, &of_order(&sent, "/refunds"), "r", amount).await;
    let _ = as_staff(&app, &of_order(&sent, "/notes"), "n", json!({"text": "Mrs Lovelace called"})).await;
    let open = buy(&app, &ada, &boot, "open").await;
    let cart = json!({"lines": [{"variant_id": boot, "quantity": 2}], "email": "ada@example.com",
        "shipping_address": home()});
    let _ = app.post("/api/carts").bearer(&ada.access_token).json(&cart).send().await.expect(201);
    (app, ada, [sent, open])
}

#[tokio::test]
async fn a_customer_takes_carts_and_orders_along_with_what_was_paid_and_given_back() {
    let (app, ada, [sent, open]) = ada().await;
    let more = "insert into cart (id, channel_id, customer_id, currency, locale, status, created_at, updated_at, expires_at)
                select gen_random_uuid(), c.channel_id, c.customer_id, 'EUR', 'en', 'open', now(), now(), c.expires_at
                  from cart c, generate_series(1, 200) where c.customer_id is not null and c.email is not null";
    sql(&app, more).await;
    let _ = app.customer("eve@example.com").await;
    let export = app.get("/api/account/export").bearer(&ada.access_token).send().await.expect(200);
    assert!(export.header("content-disposition").contains("account.json"));
    let export = export.json();
    assert_eq!(text(&export["customer"], "email"), "ada@example.com");
    let carts = export["carts"].as_array().unwrap();
    assert_eq!(carts.len(), 201, "all pages, each cart once");
    let filled = carts.iter().find(|cart| cart["lines"] != json!([])).unwrap();
    assert_eq!((text(filled, "status"), &filled["lines"][0]["quantity"]), ("open", &json!(2)));
    assert_eq!(text(&filled["shipping_address"], "city"), "London");
    let orders = export["orders"].as_array().unwrap();
    let ids: Vec<&Value> = orders.iter().map(|order| &order["id"]).collect();
    assert_eq!(ids, [&open["id"], &sent["id"]], "newest first");
    let told = &orders[1];
    assert_eq!(
        (text(told, "payment_status"), &told["lines"][0]["quantity"]),
        ("partially_refunded", &json!(1))
    );
    assert_eq!(
        (text(&told["payment"], "status"), &told["payment"]["next_action"]),
        ("succeeded", &Value::Null)
    );
    assert_eq!(
        (&told["refunds"][0]["amount"]["amount"], told["refunds"].as_array().unwrap().len()),
        (&json!(400), 1)
    );
    let all = export.to_string();
    for secret in ["client_secret", "token", "password_hash", "eve@example.com"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

/// That an order has kept what has to be kept, and nothing of the person.
fn assert_nameless(was: &Value, is: &Value) {
    for kept in
        ["number", "totals", "payment_status", "status", "captured", "refunded", "currency", "customer_id"]
    {
        assert_eq!(is[kept], was[kept], "{kept}");
    }
    assert_eq!(is["lines"][0]["total"], was["lines"][0]["total"]);
    assert!(text(is, "email").ends_with("@erased.invalid"));
    assert_eq!((&is["metadata"], &is["lines"][0]["metadata"]), (&json!({}), &json!({})));
    assert_eq!((text(&is["billing_address"], "country"), text(&is["billing_address"], "line1")), ("GB", ""));
    assert!(is["version"].as_i64() > was["version"].as_i64());
}

#[tokio::test]
async fn an_erased_customer_leaves_numbers_lines_and_amounts_and_nothing_of_the_person() {
    let (app, ada, [sent, open]) = ada().await;
    let (was_sent, was_open) = (read(&app, &sent).await, read(&app, &open).await);
    let ledger = dump(&app, "ledger_entry").await;
    let search = format!(
        "insert into search_query (id, at, channel_id, locale, client_id, words, is_initial, banners, hit_ids)
         select '00000000-0000-7000-8000-000000000001', now(), channel_id, 'en', gen_random_uuid(), 'boot', true, 0, '{{}}'
           from orders where number = '{0}';
         insert into search_event (query_id, action, object_id, at)
         select '00000000-0000-7000-8000-000000000001', 'purchase', id, now() from orders where number = '{0}'",
        text(&sent, "number")
    );
    sql(&app, &search).await;
    let erase = app.delete("/api/account").bearer(&ada.access_token).header("idempotency-key", "bye");
    let _ = erase.send().await.expect(204);
    for (was, order) in [(&was_sent, &sent), (&was_open, &open)] {
        assert_nameless(was, &read(&app, order).await);
    }
    assert_eq!(dump(&app, "ledger_entry").await, ledger);
    assert_eq!(text(&read(&app, &sent).await["shipping_address"], "city"), "");
    let waiting = read(&app, &open).await;
    assert_eq!(text(&waiting["shipping_address"], "city"), "London", "it is still to be sent there");
    assert_eq!(sql_value(&app, "select count(*) from cart where customer_id is not null").await, "0");
    assert_eq!(sql_value(&app, "select count(*) from search_query where client_id is not null").await, "0");
    assert_eq!(
        sql_value(&app, "select count(tracking_number) + count(tracking_url) from shipment").await,
        "0"
    );
    assert!(app.send_mails().await.is_empty(), "nobody is written to");

    send(&app, &open, "g").await;
    assert_eq!(text(&read(&app, &open).await, "status"), "completed");
    assert!(app.send_mails().await.is_empty(), "nobody is written to");
    for table in [
        "customer",
        "customer_address",
        "cart",
        "cart_line",
        "orders",
        "order_line",
        "order_event",
        "job",
        "review",
        "search_query",
        "idempotency_key",
        "(select * from audit_log where action <> 'order.note')",
    ] {
        let rows = dump(&app, table).await;
        for trace in TRACES {
            assert!(!rows.contains(trace), "{trace} in {table}: {rows}");
        }
    }
    app.audit().await;
}
