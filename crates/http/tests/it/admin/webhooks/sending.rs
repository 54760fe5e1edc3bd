//! What endpoints are sent: events as they were in the transaction of their change, and none that did not happen.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{body, endpoint, header, is_signed_by, make_brand, read, sent_to};
use crate::admin::{sql, sql_value, text};
use crate::checkout::{confirm, order_items, stocked};

#[tokio::test]
async fn an_order_is_told_whole_signed_and_in_versions() {
    let app = TestApp::new().await;
    let (_, secret) = endpoint(&app, "a.example", &["order.*"]).await;
    let (_, variant) = stocked(&app, "Cup", 1_250, 5).await;
    let items = json!([{"variant_id": variant, "quantity": 2}]);
    let placed = order_items(&app, items, "k1").await.expect(201).json();
    // The next change comes before anything was sent: what was true at the first is told all the same (case C39).
    confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
    app.send_webhooks().await;

    let sent = sent_to(&app, "a.example");
    let mut told: Vec<_> = sent.iter().map(body).collect();
    told.sort_by_key(|event| event["version"].as_i64());
    let first = &told[0];
    assert_eq!((text(first, "type"), &first["version"]), ("order.placed", &json!(1)));
    assert_eq!((text(&first["data"], "payment_status"), &first["data"]["version"]), ("pending", &json!(1)));
    assert_eq!(first["data"]["id"], placed["order"]["id"]);
    assert_eq!(first["data"]["number"], placed["order"]["number"]);
    assert_eq!(first["data"]["totals"]["total"], json!({"amount": 2_500, "currency": "EUR"}));
    assert_eq!(first["data"]["lines"][0]["quantity"], 2);
    assert_eq!(first["timestamp"], first["created_at"]);
    let paid = told.iter().find(|event| event["type"] == "order.paid").expect("the payment is told");
    assert_eq!(text(&paid["data"], "payment_status"), "paid");
    assert_eq!(paid["version"], paid["data"]["version"]);
    assert!(paid["version"].as_i64() > first["version"].as_i64());
    let token = text(&placed, "order_token");
    for request in &sent {
        assert!(is_signed_by(request, &secret));
        assert_eq!(body(request)["id"], header(request, "webhook-id"));
        assert!(
            !String::from_utf8_lossy(&request.body).contains(token),
            "the order's secret stays with its buyer"
        );
    }
    app.audit().await;
}

#[tokio::test]
async fn only_what_was_asked_for_and_did_happen_is_sent() {
    let app = TestApp::new().await;
    endpoint(&app, "brands.example", &["brand.*"]).await;
    endpoint(&app, "deleted.example", &["brand.deleted"]).await;
    let rolled_back = "begin; insert into outbox (event_id, type, aggregate_id, version, created_at)
                       values (gen_random_uuid(), 'brand.created', gen_random_uuid(), 1, now()); rollback";
    sql(&app, rolled_back).await;
    app.send_webhooks().await;
    assert!(app.outside.sent().is_empty(), "what was rolled back is not told (case C37)");

    make_brand(&app, "one").await;
    app.send_webhooks().await;
    app.send_webhooks().await;
    let sent = sent_to(&app, "brands.example");
    assert_eq!((sent.len(), sent_to(&app, "deleted.example").len()), (1, 0));
    let told = body(&sent[0]);
    assert!(text(&told["data"], "id").starts_with("brand_"), "{told}");
}

#[tokio::test]
async fn what_is_copied_into_the_outbox_by_imports_is_told_too() {
    let app = TestApp::new().await;
    endpoint(&app, "a.example", &["product.imported"]).await;
    let text = "insert into outbox (event_id, type, aggregate_id, version, created_at)
                select gen_random_uuid(), 'product.imported', gen_random_uuid(), 1, '2026-11-01T12:00:00Z'
                  from generate_series(1, 30)";
    sql(&app, text).await;
    app.send_webhooks().await;
    assert_eq!(sent_to(&app, "a.example").len(), 30);
    assert_eq!(
        sql_value(&app, "select count(*) from webhook_delivery where state = 'delivered'").await,
        "30"
    );
}

#[tokio::test]
async fn what_people_wait_for_goes_before_an_import_and_a_replay() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["product.imported", "brand.*"]).await;
    let body = json!({"concurrency": 1});
    app.patch(&path).admin().if_match(1).json(&body).send().await.expect(200);
    make_brand(&app, "old").await;
    app.send_webhooks().await;
    let import = "insert into outbox (event_id, type, aggregate_id, version, bulk, created_at)
                  select gen_random_uuid(), 'product.imported', gen_random_uuid(), 1, true, '2026-11-01T12:00:00Z'
                    from generate_series(1, 3)";
    sql(&app, import).await;
    let all = json!({"since": "2026-11-01T00:00:00Z", "only": "all"});
    app.post(&format!("{path}/replay")).admin().json(&all).send().await.expect(202);
    super::pass(&app, 60);
    make_brand(&app, "new").await;
    app.send_webhooks().await;

    let sent = sent_to(&app, "a.example");
    let [first, second] = [&sent[0], &sent[1]].map(|request| header(request, "webhook-id"));
    assert_ne!(first, second, "the new brand goes before the replay of the old one");
    let told: Vec<_> = sent.iter().map(body_type).collect();
    let (before, after) = told.split_at(2);
    assert_eq!(before, ["brand.created", "brand.created"], "{told:?}");
    assert_eq!(after.iter().filter(|kind| *kind == "product.imported").count(), 3, "{told:?}");
    assert_eq!(told.len(), 6, "the replay's brand among them: {told:?}");
}

fn body_type(request: &tradepost_port::EgressRequest) -> String {
    text(&body(request), "type").to_owned()
}

#[tokio::test]
async fn a_delivery_is_read_with_its_tries() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["brand.*"]).await;
    make_brand(&app, "one").await;
    make_brand(&app, "two").await;
    app.outside.answer_status(503);
    app.send_webhooks().await;
    app.outside.answer_status(200);
    super::pass(&app, 6);
    app.send_webhooks().await;

    let list = format!("{path}/deliveries");
    let all = read(&app, &list).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    let page = read(&app, &format!("{list}?limit=1")).await;
    let next = text(&page["page"], "next");
    let second = read(&app, &format!("{list}?limit=1&cursor={next}")).await;
    assert_eq!([&page["data"][0], &second["data"][0]], [&all["data"][0], &all["data"][1]]);
    for (query, found) in [
        ("filter[state]=delivered", 2),
        ("filter[state]=dead", 0),
        ("filter[event_type]=brand.created", 2),
        ("filter[event_type]=brand.updated", 0),
        ("filter[since]=2026-11-01T12:00:00Z", 2),
        ("filter[since]=2026-11-01T12:00:01Z", 0),
    ] {
        let page = read(&app, &format!("{list}?{query}")).await;
        assert_eq!(page["data"].as_array().unwrap().len(), found, "{query}");
    }
    let one = read(&app, &format!("{list}/{}", text(&all["data"][0], "id"))).await;
    assert_eq!((text(&one, "state"), &one["attempt_count"]), ("delivered", &json!(2)));
    let attempts = one["attempts"].as_array().unwrap();
    let codes: Vec<_> = attempts.iter().map(|attempt| attempt["status_code"].as_i64().unwrap()).collect();
    assert_eq!((codes, text(&attempts[1], "response")), (vec![200, 503], "scripted"));
    app.get(&format!("{list}/evt_00000000000000000000000009")).admin().send().await.expect(404);
    let figures = String::from_utf8(app.get("/metrics").send().await.expect(200).bytes).unwrap();
    for line in [
        "webhook_attempts_total{result=\"delivered\"} 2",
        "webhook_attempts_total{result=\"failed\"} 2",
        "webhooks_due 0",
    ] {
        assert!(figures.contains(line), "{line}");
    }
}

#[tokio::test]
async fn a_test_event_goes_to_one_endpoint_and_is_answered_with_what_came_of_it() {
    let app = TestApp::new().await;
    let (path, secret) = endpoint(&app, "a.example", &["order.*"]).await;
    endpoint(&app, "b.example", &["*"]).await;
    app.send_webhooks().await;
    let before = app.outside.sent().len();
    let test = format!("{path}/test");
    let done = app.post(&test).admin().header("idempotency-key", "t").send().await.expect(200).json();
    assert_eq!((text(&done, "state"), &done["attempts"][0]["status_code"]), ("delivered", &json!(204)));
    let sent = sent_to(&app, "a.example");
    assert_eq!((sent.len(), app.outside.sent().len()), (1, before + 1));
    assert!(is_signed_by(&sent[0], &secret));
    assert_eq!(text(&body(&sent[0]), "type"), "webhook_endpoint.test");
    let again = app.post(&test).admin().header("idempotency-key", "t").send().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", done));

    app.outside.answer_status(500);
    let off = json!({"status": "disabled"});
    app.patch(&path).admin().if_match(1).json(&off).send().await.expect(200);
    let failed = app.post(&test).admin().send().await.expect(200).json();
    assert_eq!((text(&failed, "state"), &failed["attempts"][0]["status_code"]), ("dead", &json!(500)));
    assert_eq!(read(&app, &path).await["failing_since"], serde_json::Value::Null);

    let on = json!({"status": "enabled"});
    app.patch(&path).admin().if_match(2).json(&on).send().await.expect(200);
    app.outside.answer_status(410);
    let gone = app.post(&test).admin().send().await.expect(200).json();
    assert_eq!((text(&gone, "state"), &gone["attempts"][0]["status_code"]), ("dead", &json!(410)));
    assert_eq!(text(&read(&app, &path).await, "status"), "enabled", "a test disables nothing");
}
