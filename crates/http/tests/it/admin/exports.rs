//! `/api/admin/exports`.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_app::export::ExportWorker;
use tradepost_app::import::{ImportRetention, ImportWorker};
use tradepost_testkit::{TestApp, TestResponse};

use super::{latest_audit, sql_value, text};

const PATH: &str = "/api/admin/exports";

async fn with_products() -> TestApp {
    let app = TestApp::new().await;
    for (title, brand, status) in
        [("Wool Hat", "Nordvik", "published"), ("=1+1", "Nordvik", "draft"), ("Scarf", "Other", "published")]
    {
        let body = json!({"title": title, "brand": brand, "status": status, "price": {"amount": 2500, "currency": "EUR"}});
        app.post("/api/admin/products").admin().json(&body).send().await.expect(201);
    }
    app
}

async fn ask(app: &TestApp, body: &Value) -> TestResponse {
    app.post(PATH).admin().json(body).send().await
}

async fn shown(app: &TestApp, export: &Value) -> Value {
    app.get(&format!("{PATH}/{}", text(export, "id"))).admin().send().await.expect(200).json()
}

async fn file(app: &TestApp, export: &Value) -> TestResponse {
    app.get(&format!("{PATH}/{}/file", text(export, "id"))).admin().send().await
}

fn files(app: &TestApp) -> usize {
    std::fs::read_dir(&app.shop.exports).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_export_is_written_in_the_background_and_downloaded() {
    let app = with_products().await;
    let accepted = ask(&app, &json!({"format": "shopify-csv"})).await.expect(202);
    let export = accepted.json();
    assert_eq!(accepted.header("location"), format!("{PATH}/{}", text(&export, "id")));
    assert_eq!((text(&export, "status"), &export["file"]), ("pending", &Value::Null));
    assert_eq!(text(&latest_audit(&app, text(&export, "id")).await, "action"), "export.create");
    assert_eq!(file(&app, &export).await.expect(409).code(), "export_not_finished");

    let worker = ExportWorker::new(app.shop.clone());
    assert!(worker.step().await.unwrap());
    assert!(!worker.step().await.unwrap(), "nothing waits any more");
    let export = shown(&app, &export).await;
    assert_eq!((text(&export, "status"), &export["products"]), ("succeeded", &json!(3)));
    let written = app.get(text(&export, "file")).admin().send().await.expect(200);
    assert_eq!(export["bytes"], written.bytes.len());
    assert_eq!(written.header("content-length"), written.bytes.len().to_string());
    assert_eq!(written.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(written.header("cache-control"), "private, no-store");
    assert_eq!(
        written.header("content-disposition"),
        "attachment; filename=\"products-20261101-120000.csv\""
    );
    let content = String::from_utf8(written.bytes).unwrap();
    assert!(content.starts_with("Handle,Title,") && content.contains(",'=1+1,"), "{content}");
    let list = app.get(PATH).admin().send().await.expect(200);
    assert_eq!((&list.json()["data"], list.statements), (&json!([export]), 2));

    // What came out goes in again, and changes nothing.
    let import = app.post("/api/admin/imports").admin().raw("text/csv", content).send().await.expect(202);
    assert!(ImportWorker::new(app.shop.clone(), ImportRetention::default()).step().await.unwrap());
    let import = app.get(&format!("/api/admin/imports/{}", text(&import.json(), "id"))).admin().send().await;
    assert_eq!(import.json()["products_unchanged"], 3);
}

#[tokio::test]
async fn only_what_passes_the_filter_is_exported() {
    let app = with_products().await;
    let cases = [
        (json!({}), 3),
        (json!({"status": "published"}), 2),
        (json!({"brand": "nordvik", "status": "draft"}), 1),
        (json!({"brand": "nobody"}), 0),
        (json!({"type": "hat"}), 0),
        (json!({"updated_from": "2026-11-01T12:00:00Z"}), 3),
        (json!({"updated_from": "2026-11-01T12:00:01Z"}), 0),
        (json!({"updated_from": "-004000-01-01T00:00:00Z"}), 3),
    ];
    let worker = ExportWorker::new(app.shop.clone());
    for (filter, products) in cases {
        let export = ask(&app, &json!({"format": "jsonl", "filter": filter})).await.expect(202).json();
        assert!(worker.step().await.unwrap());
        let export = shown(&app, &export).await;
        assert_eq!(
            (text(&export, "status"), &export["products"]),
            ("succeeded", &json!(products)),
            "{filter}"
        );
        let written = file(&app, &export).await.expect(200);
        assert_eq!(written.header("content-type"), "application/x-ndjson");
        assert_eq!(String::from_utf8(written.bytes).unwrap().lines().count(), products);
    }
}

#[tokio::test]
async fn a_repeated_request_makes_one_export() {
    let app = TestApp::new().await;
    let send = |format: &'static str| {
        let request = app.post(PATH).admin().header("idempotency-key", "a").json(&json!({"format": format}));
        async move { request.send().await }
    };
    let first = send("jsonl").await.expect(202).json();
    let second = send("jsonl").await.expect(202);
    assert_eq!((second.json(), second.header("idempotent-replayed")), (first, "true"));
    assert_eq!(send("shopify-csv").await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(sql_value(&app, "select count(*) from export_run").await, "1");
}

#[tokio::test]
async fn a_run_that_was_left_behind_is_begun_anew_when_its_lease_has_run_out() {
    let app = with_products().await;
    let export = ask(&app, &json!({"format": "jsonl"})).await.expect(202).json();
    let left = "update export_run set status = 'running', attempts = 1, products = 2,
                       locked_until = '2026-11-01T12:01:00Z' returning 1";
    sql_value(&app, left).await;
    std::fs::create_dir_all(&app.shop.exports).unwrap();
    let part = format!("{}-1.jsonl.part", text(&export, "id"));
    std::fs::write(app.shop.exports.join(part), "{half").unwrap();
    let worker = ExportWorker::new(app.shop.clone());
    assert!(!worker.step().await.unwrap(), "the lease still holds");
    app.clock.advance(SignedDuration::from_secs(61));
    assert!(worker.step().await.unwrap());
    let export = shown(&app, &export).await;
    assert_eq!((text(&export, "status"), &export["products"]), ("succeeded", &json!(3)));
    assert_eq!(file(&app, &export).await.expect(200).bytes.len(), export["bytes"]);
    assert_eq!(files(&app), 1, "what the first attempt left is gone");
}

#[tokio::test]
async fn a_run_that_is_begun_again_and_again_is_given_up() {
    let app = TestApp::new().await;
    let export = ask(&app, &json!({"format": "jsonl"})).await.expect(202).json();
    sql_value(&app, "update export_run set attempts = 5 returning 1").await;
    assert!(ExportWorker::new(app.shop.clone()).step().await.unwrap());
    let export = shown(&app, &export).await;
    assert_eq!((text(&export, "status"), &export["file"]), ("failed", &Value::Null));
    assert!(text(&export, "error").contains("again and again"));
    assert_eq!(file(&app, &export).await.expect(409).code(), "export_not_finished");
}

#[tokio::test]
async fn a_deleted_export_takes_its_file_along() {
    let app = with_products().await;
    let export = ask(&app, &json!({"format": "jsonl"})).await.expect(202).json();
    assert!(ExportWorker::new(app.shop.clone()).step().await.unwrap());
    assert_eq!(files(&app), 1);
    let path = format!("{PATH}/{}", text(&export, "id"));
    assert_eq!(app.delete(&path).admin().if_match(1).send().await.expect(412).code(), "version_mismatch");
    app.delete(&path).admin().send().await.expect(204);
    assert_eq!(text(&latest_audit(&app, text(&export, "id")).await, "action"), "export.delete");
    assert_eq!(files(&app), 0);
    app.get(&path).admin().send().await.expect(404);
    file(&app, &export).await.expect(404);
    app.delete(&path).admin().send().await.expect(404);
}

#[tokio::test]
async fn exports_go_after_a_week_with_their_files_and_others_stay() {
    let app = with_products().await;
    let worker = ExportWorker::new(app.shop.clone());
    let old = ask(&app, &json!({"format": "jsonl"})).await.expect(202).json();
    assert!(worker.step().await.unwrap());
    app.clock.advance(SignedDuration::from_hours(24 * 7));
    let young = ask(&app, &json!({"format": "jsonl"})).await.expect(202).json();
    assert!(worker.step().await.unwrap());
    let stray = format!("{}-1.jsonl.part", text(&old, "id").replace(char::is_numeric, "1"));
    std::fs::write(app.shop.exports.join(stray), "{half").unwrap();
    std::fs::write(app.shop.exports.join("notes.txt"), "not ours").unwrap();
    worker.sweep().await.unwrap();
    assert_eq!(text(&shown(&app, &old).await, "expires_at"), "2026-11-08T12:00:00Z", "the week is not over");
    assert_eq!(files(&app), 3);
    app.clock.advance(SignedDuration::from_secs(1));
    worker.sweep().await.unwrap();
    app.get(&format!("{PATH}/{}", text(&old, "id"))).admin().send().await.expect(404);
    file(&app, &young).await.expect(200);
    assert_eq!(files(&app), 2);
}

#[tokio::test]
async fn the_worker_takes_up_what_waits_until_it_is_told_to_stop() {
    let app = with_products().await;
    let export = ask(&app, &json!({"format": "jsonl"})).await.expect(202).json();
    let worker = ExportWorker::new(app.shop.clone());
    let done = async {
        while text(&shown(&app, &export).await, "status") != "succeeded" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), worker.run(done)).await.expect("the run ends");
}

#[tokio::test]
async fn what_cannot_be_an_export_is_refused_and_leaves_nothing() {
    let app = TestApp::new().await;
    for body in [
        json!({}),
        json!({"format": "xlsx"}),
        json!({"format": "jsonl", "filter": {"status": "gone"}}),
        json!({"format": "jsonl", "filter": {"brand": "Not A Handle"}}),
        json!({"format": "jsonl", "filter": {"colour": "red"}}),
        json!({"format": "jsonl", "filter": {"updated_from": "yesterday"}}),
    ] {
        let status = ask(&app, &body).await.status.as_u16();
        assert!(matches!(status, 400 | 422), "{status} {body}");
    }
    assert_eq!(sql_value(&app, "select count(*) from export_run").await, "0");
    for _ in 0..20 {
        ask(&app, &json!({"format": "jsonl"})).await.expect(202);
    }
    assert_eq!(ask(&app, &json!({"format": "jsonl"})).await.expect(409).code(), "too_many_exports");
}

#[tokio::test]
async fn who_may_read_products_may_export_and_who_may_write_them_may_delete() {
    let app = TestApp::new().await;
    let reader = format!("Bearer {}", app.key_with(&[Scope::ProductsRead]).await);
    let body = json!({"format": "jsonl"});
    let accepted =
        app.post(PATH).header("authorization", &reader).json(&body).send().await.expect(202).json();
    let path = format!("{PATH}/{}", text(&accepted, "id"));
    app.get(&path).header("authorization", &reader).send().await.expect(200);
    app.delete(&path).header("authorization", &reader).send().await.expect(403);
    let writer = format!("Bearer {}", app.key_with(&[Scope::ProductsWrite]).await);
    app.delete(&path).header("authorization", &writer).send().await.expect(204);
}
