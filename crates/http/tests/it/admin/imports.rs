//! `/api/admin/imports`.

use serde_json::{Value, json};
use tradepost_app::import::{ImportRetention, ImportWorker};
use tradepost_testkit::{TestApp, TestResponse};

use super::{latest_audit, sql_value, text};

const PATH: &str = "/api/admin/imports";
const LINES: &str = "{\"title\":\"Wool Hat\",\"price\":25}\n{\"title\":\"\",\"price\":1}\n{\"title\":\"Scarf\",\"price\":12.5}\n";

async fn upload(app: &TestApp, query: &str, key: &str) -> TestResponse {
    let request = app.post(&format!("{PATH}{query}")).admin().header("idempotency-key", key);
    request.raw("application/x-ndjson", LINES).send().await
}

async fn shown(app: &TestApp, import: &Value) -> Value {
    app.get(&format!("{PATH}/{}", text(import, "id"))).admin().send().await.expect(200).json()
}

fn worker(app: &TestApp) -> ImportWorker {
    ImportWorker::new(app.shop.clone(), ImportRetention::default())
}

fn uploads(app: &TestApp) -> usize {
    std::fs::read_dir(&app.shop.uploads).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_upload_is_imported_in_the_background_and_its_errors_are_listed() {
    let app = TestApp::new().await;
    let accepted = upload(&app, "?file_name=hats.jsonl", "a").await.expect(202);
    let import = accepted.json();
    assert_eq!(accepted.header("location"), format!("{PATH}/{}", text(&import, "id")));
    assert_eq!((text(&import, "status"), text(&import, "file_name")), ("pending", "hats.jsonl"));
    assert_eq!(text(&latest_audit(&app, text(&import, "id")).await, "action"), "import.create");
    assert_eq!(uploads(&app), 1);

    let worker = worker(&app);
    assert!(worker.step().await.unwrap());
    assert!(!worker.step().await.unwrap(), "nothing waits any more");
    let import = shown(&app, &import).await;
    assert_eq!((text(&import, "status"), &import["error"]), ("succeeded", &Value::Null));
    assert_eq!((&import["products_created"], &import["products_failed"]), (&json!(2), &json!(1)));
    assert_eq!(sql_value(&app, "select count(*) from product").await, "2");
    assert_eq!(uploads(&app), 0, "the file is removed");
    let errors = app.get(&format!("{PATH}/{}/errors", text(&import, "id"))).admin().send().await.expect(200);
    assert_eq!((&errors.json()["data"][0]["line"], errors.statements), (&json!(2), 3));
    let list = app.get(PATH).admin().send().await.expect(200);
    assert_eq!((&list.json()["data"], list.statements), (&json!([import]), 2));
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_and_writes_nothing() {
    let app = TestApp::new().await;
    let import = upload(&app, "?dry_run=true", "a").await.expect(202).json();
    assert!(worker(&app).step().await.unwrap());
    let import = shown(&app, &import).await;
    assert_eq!((text(&import, "status"), &import["products_created"]), ("succeeded", &json!(2)));
    assert_eq!(sql_value(&app, "select count(*) from product").await, "0");
}

#[tokio::test]
async fn a_repeated_upload_makes_one_run_and_leaves_one_file() {
    let app = TestApp::new().await;
    let first = upload(&app, "", "a").await.expect(202).json();
    let second = upload(&app, "", "a").await.expect(202);
    assert_eq!((second.json(), second.header("idempotent-replayed")), (first, "true"));
    assert_eq!(upload(&app, "?dry_run=true", "a").await.expect(422).code(), "idempotency_key_reused");
    assert_eq!((uploads(&app), sql_value(&app, "select count(*) from import_run").await.as_str()), (1, "1"));
}

#[tokio::test]
async fn a_run_whose_process_ended_is_taken_up_by_the_next() {
    let app = TestApp::new().await;
    let import = upload(&app, "", "a").await.expect(202).json();
    sql_value(&app, "update import_run set status = 'running' returning 1").await;
    let worker = worker(&app);
    let done = async {
        while text(&shown(&app, &import).await, "status") != "succeeded" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, worker.run(done)).await.expect("the run ends");
    assert_eq!(sql_value(&app, "select count(*) from product").await, "2");
}

#[tokio::test]
async fn what_is_no_file_is_refused_and_leaves_nothing() {
    let app = TestApp::new().await;
    let send = |path: &str, kind: &'static str, body: &'static str| {
        let request = app.post(path).admin().raw(kind, body);
        async move { request.send().await }
    };
    assert_eq!(send(PATH, "text/csv", "").await.expect(400).code(), "empty_body");
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        assert_eq!(send(PATH, kind, "x").await.expect(415).code(), "unsupported_media_type");
    }
    for query in ["?dry_run=maybe", "?file_name=", "?format=csv", "?file_name=a%0Ab"] {
        let _ = send(&format!("{PATH}{query}"), "text/csv", "x").await.expect(400);
    }
    let large = app.post(PATH).admin().raw("text/csv", "x").header("content-length", "1073741825");
    assert_eq!(large.send().await.expect(413).code(), "body_too_large");
    assert_eq!((uploads(&app), sql_value(&app, "select count(*) from import_run").await.as_str()), (0, "0"));
}

#[tokio::test]
async fn a_run_whose_file_is_gone_fails_with_the_reason() {
    let app = TestApp::new().await;
    let import = upload(&app, "", "a").await.expect(202).json();
    std::fs::remove_dir_all(&app.shop.uploads).unwrap();
    assert!(worker(&app).step().await.unwrap());
    let import = shown(&app, &import).await;
    assert_eq!(text(&import, "status"), "failed");
    assert!(text(&import, "error").contains("upload it again"));
}
