//! Keeping endpoints: secrets are shown once, addresses are public, nobody has sent what they cannot read.

use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_app::webhook::WebhookWorker;
use tradepost_port::EgressResponse;
use tradepost_testkit::TestApp;

use super::{PATH, body, endpoint, is_signed_by, make_brand, pass, read, sent_to};
use crate::admin::{latest_audit, sql_value, text};

#[tokio::test]
async fn an_endpoint_is_made_read_changed_and_deleted() {
    let app = TestApp::new().await;
    let body = json!({"url": "https://a.example/", "event_types": ["order.*"], "description": "ERP"});
    let create = async || app.post(PATH).admin().header("idempotency-key", "one").json(&body).send().await;
    let made = create().await.expect(201);
    let id = text(&made.json(), "id").to_owned();
    let path = format!("{PATH}/{id}");
    assert_eq!((made.header("location"), made.header("etag")), (path.as_str(), "\"v1\""));
    assert!(text(&made.json(), "secret").starts_with("whsec_"));
    let repeated = create().await.expect(201);
    assert_eq!((repeated.header("idempotent-replayed"), &repeated.json()["secret"]), ("true", &Value::Null));
    assert_eq!(repeated.json()["id"], id);

    let shown = read(&app, &path).await;
    assert!(shown.get("secret").is_none(), "{shown}");
    assert_eq!((text(&shown, "status"), &shown["concurrency"]), ("enabled", &json!(4)));
    assert_eq!(read(&app, &format!("{PATH}?count=exact")).await["page"]["total"], 1);

    let patch = json!({"event_types": ["order.paid", "stock.*"], "status": "disabled"});
    app.patch(&path).admin().json(&patch).send().await.expect(428);
    app.patch(&path).admin().if_match(9).json(&patch).send().await.expect(412);
    let changed = app.patch(&path).admin().if_match(1).json(&patch).send().await.expect(200);
    assert_eq!(changed.header("etag"), "\"v2\"");
    let changed = changed.json();
    assert_eq!((text(&changed, "status"), text(&changed, "disabled_reason")), ("disabled", "staff"));
    assert_eq!(
        (&changed["secret"], &changed["event_types"]),
        (&Value::Null, &json!(["order.paid", "stock.*"]))
    );
    let again = app.patch(&path).admin().if_match(2).json(&patch).send().await.expect(200);
    assert_eq!(again.header("etag"), "\"v2\"", "nothing changed");
    assert_eq!(text(&latest_audit(&app, &id).await, "action"), "webhook_endpoint.update");

    app.delete(&path).admin().if_match(1).send().await.expect(412);
    app.delete(&path).admin().if_match(2).send().await.expect(204);
    app.get(&path).admin().send().await.expect(404);
    app.get(&format!("{path}/deliveries")).admin().send().await.expect(404);
    let events: Vec<Value> =
        read(&app, "/api/admin/webhook-event-types").await["data"].as_array().unwrap().clone();
    assert!(events.iter().any(|event| event["name"] == "order.placed" && event["scope"] == "orders:read"));
    app.audit().await;
}

#[tokio::test]
async fn bad_input_is_refused_by_code_and_stores_nothing() {
    let app = TestApp::new().await;
    let good = json!({"url": "https://a.example/", "event_types": ["*"]});
    for (field, value, code, param) in [
        ("url", json!("https://10.0.0.1/"), "url_not_allowed", "$.url"),
        ("event_types", json!([]), "out_of_range", "$.event_types"),
        ("event_types", json!(["order.sold"]), "unknown_event_type", "$.event_types[0]"),
        ("event_types", json!(["*", "*"]), "duplicate_event_type", "$.event_types[1]"),
        ("secret", json!("whsec_c2hvcnQ="), "invalid_secret", "$.secret"),
        ("concurrency", json!(17), "out_of_range", "$.concurrency"),
        ("description", json!("x".repeat(501)), "too_long", "$.description"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = app.post(PATH).admin().json(&body).send().await.expect(422);
        assert_eq!((refused.code().as_str(), text(&refused.json(), "param")), (code, param), "{body}");
    }
    let unknown = json!({"url": "https://a.example/", "event_types": ["*"], "enabled": true});
    app.post(PATH).admin().json(&unknown).send().await.expect(400);
    assert_eq!(read(&app, PATH).await["data"], json!([]));

    let (path, _) = endpoint(&app, "a.example", &["*"]).await;
    let refused =
        app.patch(&path).admin().if_match(1).json(&json!({"url": "https://10.0.0.1/"})).send().await;
    assert_eq!(refused.expect(422).code(), "url_not_allowed");
    let (since, event) = ("2026-11-01T00:00:00Z", "evt_00000000000000000000000001");
    for (body, code) in [
        (json!({}), "since_or_id"),
        (json!({"since": since, "id": event}), "since_or_id"),
        (json!({"after": event, "id": event}), "since_or_id"),
        (json!({"since": since, "after": event}), "unknown_event"),
    ] {
        let refused = app.post(&format!("{path}/replay")).admin().json(&body).send().await.expect(422);
        assert_eq!(refused.code(), code, "{body}");
    }
    for query in ["filter[state]=lost", "filter[event_type]=order.*", "filter[since]=yesterday", "state=dead"]
    {
        app.get(&format!("{path}/deliveries?{query}")).admin().send().await.expect(400);
    }
    assert_eq!(read(&app, &path).await["version"], 1);
}

#[tokio::test]
async fn a_key_has_sent_only_what_it_can_read() {
    let app = TestApp::new().await;
    let key = app.key_with(&[Scope::WebhooksRead, Scope::WebhooksWrite, Scope::StockRead]).await;
    let ask = async |event_types: &[&str]| {
        let body = json!({"url": "https://a.example/", "event_types": event_types});
        app.post(PATH).bearer(&key).json(&body).send().await
    };
    let made = ask(&["stock.updated", "stock_location.*"]).await.expect(201).json();
    for event_types in [&["order.placed"][..], &["stock.updated", "customer.*"], &["*"]] {
        assert_eq!(ask(event_types).await.expect(403).code(), "scope_not_held", "{event_types:?}");
    }
    // Nor may it lead away what others have sent.
    let (path, _) = endpoint(&app, "b.example", &["order.*"]).await;
    let patch = json!({"url": "https://mine.example/"});
    let refused = app.patch(&path).bearer(&key).if_match(1).json(&patch).send().await.expect(403);
    assert_eq!(refused.code(), "scope_not_held");
    let patch = json!({"event_types": ["order.*"]});
    let own = format!("{PATH}/{}", text(&made, "id"));
    app.patch(&own).bearer(&key).if_match(1).json(&patch).send().await.expect(403);
}

#[tokio::test]
async fn a_new_address_comes_with_a_new_secret_or_needs_the_present_one() {
    let app = TestApp::new().await;
    let (path, first) = endpoint(&app, "a.example", &["brand.*"]).await;
    let patch =
        async |version: i64, body: Value| app.patch(&path).admin().if_match(version).json(&body).send().await;
    let wrong =
        json!({"url": "https://b.example/", "current_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    assert_eq!(patch(1, wrong).await.expect(422).code(), "wrong_secret");
    let right = json!({"url": "https://b.example/", "current_secret": first});
    assert_eq!(patch(1, right).await.expect(200).json()["secret"], Value::Null);
    let [mail] = &app.send_mails().await[..] else { panic!("staff are told once") };
    assert_eq!(mail.subject, "A webhook endpoint was led elsewhere");
    for url in ["https://a.example/", "https://b.example/"] {
        assert!(mail.body.contains(url), "{}", mail.body);
    }
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    assert!(is_signed_by(&sent_to(&app, "b.example")[0], &first));
    let [farewell] = &sent_to(&app, "a.example")[..] else { panic!("the former address is told once") };
    assert!(is_signed_by(farewell, &first));
    let told = body(farewell);
    assert_eq!(
        (text(&told, "type"), text(&told["data"], "url")),
        ("webhook_endpoint.moved", "https://a.example/")
    );

    app.outside.answer(|request| {
        let status = if request.url.contains("b.example") { 410 } else { 200 };
        Some(Ok(EgressResponse { status, body: bytes::Bytes::new() }))
    });
    let moved = patch(2, json!({"url": "https://c.example/"})).await.expect(200).json();
    let second = text(&moved, "secret");
    make_brand(&app, "two").await;
    app.send_webhooks().await;
    let request = &sent_to(&app, "c.example")[0];
    assert!(is_signed_by(request, second) && !is_signed_by(request, &first));
    let farewell = &sent_to(&app, "b.example")[1];
    assert!(is_signed_by(farewell, &first) && !is_signed_by(farewell, second));
    assert_eq!(sent_to(&app, "c.example").len(), 1, "the new address is told of what was asked for alone");
    assert_eq!(text(&read(&app, &path).await, "status"), "enabled", "410 of the former address is its own");
    assert_eq!(sql_value(&app, "select count(secret) from webhook_delivery").await, "0");
    app.audit().await;
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_its_successor_for_a_day() {
    let app = TestApp::new().await;
    let (path, first) = endpoint(&app, "a.example", &["brand.*"]).await;
    let rotate = format!("{path}/rotate-secret");
    let own = json!({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    let second = app.post(&rotate).admin().json(&own).send().await.expect(200).json();
    assert_eq!(
        (&second["secret"], text(&second, "former_secret_until")),
        (&own["secret"], "2026-11-02T12:00:00Z")
    );
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    pass(&app, 24 * 3_600);
    make_brand(&app, "two").await;
    app.send_webhooks().await;
    let sent = sent_to(&app, "a.example");
    let second = text(&second, "secret");
    assert!(is_signed_by(&sent[0], &first) && is_signed_by(&sent[0], second));
    assert!(!is_signed_by(&sent[1], &first) && is_signed_by(&sent[1], second));
    let kept = async || sql_value(&app, "select count(former_secret) from webhook_endpoint").await;
    assert_eq!(kept().await, "1");
    WebhookWorker::new(app.shop.clone()).sweep().await.unwrap();
    assert_eq!(kept().await, "0", "what signs no more is not kept");
    assert_eq!(read(&app, &path).await["former_secret_until"], Value::Null);
    let third = app.post(&rotate).admin().send().await.expect(200).json();
    assert_ne!(text(&third, "secret"), second);
}
