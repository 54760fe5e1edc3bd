//! `/api/admin/imports`.

use serde_json::{Value, json};
use tradepost_app::import::{ImportRetention, ImportWorker};
use tradepost_port::Clock;
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

/// What a worker waits for in the second chunk (the 2,001st product), while the client holds it.
struct Gate(tokio_postgres::Client);

impl Gate {
    async fn closed(app: &TestApp) -> Self {
        let (client, connection) =
            tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute(
                "create function wait_at_gate() returns trigger language plpgsql as $$ begin
                     perform pg_advisory_xact_lock(hashtext(current_schema()));
                     return new;
                 end $$;
                 create trigger gate before insert on brand for each row when (new.handle = 'late')
                     execute function wait_at_gate();
                 select pg_advisory_lock(hashtext(current_schema()))",
            )
            .await
            .unwrap();
        Self(client)
    }

    /// Until somebody stands before it.
    async fn reached(&self) {
        let waiting = "select count(*) from pg_locks l join pg_stat_activity a using (pid)
                        where l.locktype = 'advisory' and not l.granted
                          and (l.classid::bigint << 32 | l.objid::bigint) = hashtext(current_schema())::bigint";
        while self.0.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    async fn open(self) {
        self.0.batch_execute("select pg_advisory_unlock(hashtext(current_schema()))").await.unwrap();
    }
}

/// 2,001 products, the last of a brand that comes to the gate.
async fn upload_two_chunks(app: &TestApp) -> Value {
    let line = |number: u32| format!("{{\"title\": \"P\", \"price\": {number}}}\n");
    let lines: String = (1..=2_000).map(line).collect();
    let lines = lines + "{\"title\": \"Last\", \"price\": 1, \"brand\": \"Late\"}\n";
    let request = app.post(PATH).admin().raw("application/x-ndjson", lines);
    request.send().await.expect(202).json()
}

/// Works on the run until it stands before the gate with its second chunk, and the first is written.
async fn worker_at_gate(app: &TestApp, gate: &Gate, import: &Value) -> tokio::task::JoinHandle<bool> {
    let worker = worker(app);
    let working = tokio::spawn(async move { worker.step().await.unwrap() });
    gate.reached().await;
    while shown(app, import).await["products"] != 2_000 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    working
}

async fn act(app: &TestApp, import: &Value, verb: &str) -> TestResponse {
    app.post(&format!("{PATH}/{}/{verb}", text(import, "id"))).admin().send().await
}

#[tokio::test]
async fn a_live_run_is_left_alone_and_a_dead_ones_work_is_continued() {
    let app = TestApp::new().await;
    let gate = Gate::closed(&app).await;
    let import = upload_two_chunks(&app).await;
    let working = worker_at_gate(&app, &gate, &import).await;
    let running = shown(&app, &import).await;
    assert_eq!((text(&running, "status"), &running["products"]), ("running", &json!(2_000)));
    assert!(
        running["bytes"].as_u64() > Some(0) && running["bytes"].as_u64() < running["bytes_total"].as_u64()
    );
    assert!(!worker(&app).step().await.unwrap(), "another process has it");
    working.abort();
    gate.open().await;
    let next = worker(&app);
    // The claim goes when the worker's thread has ended.
    while !next.step().await.unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let done = shown(&app, &import).await;
    assert_eq!((text(&done, "status"), &done["bytes"]), ("succeeded", &done["bytes_total"]));
    let products = [&done["products"], &done["products_created"], &done["products_unchanged"]];
    assert_eq!(products, [&json!(2_001), &json!(2_001), &json!(0)]);
}

#[tokio::test]
async fn a_canceled_run_writes_no_more_and_keeps_what_it_wrote() {
    let app = TestApp::new().await;
    let gate = Gate::closed(&app).await;
    let import = upload_two_chunks(&app).await;
    let working = worker_at_gate(&app, &gate, &import).await;
    let canceled = act(&app, &import, "cancel").await.expect(200).json();
    assert_eq!((text(&canceled, "status"), uploads(&app)), ("canceled", 0));
    assert_eq!(text(&latest_audit(&app, text(&import, "id")).await, "action"), "import.cancel");
    gate.open().await;
    assert!(working.await.unwrap());
    let after = shown(&app, &import).await;
    assert_eq!((text(&after, "status"), &after["products"]), ("canceled", &json!(2_000)));
    assert_eq!(sql_value(&app, "select count(*) from product").await, "2000");
    for verb in ["cancel", "resume"] {
        let refused = act(&app, &import, verb).await.expect(409);
        assert_eq!(refused.json()["import_status"], "canceled");
    }
    let waiting = upload(&app, "", "b").await.expect(202).json();
    let _ = act(&app, &waiting, "cancel").await.expect(200);
    assert!(!worker(&app).step().await.unwrap());
    assert_eq!((uploads(&app), sql_value(&app, "select count(*) from product").await.as_str()), (0, "2000"));
    let missing = json!({"id": "imp_00000000000000000000000000"});
    assert_eq!(act(&app, &missing, "cancel").await.expect(404).code(), "import_not_found");
}

#[tokio::test]
async fn a_run_that_failed_for_no_fault_of_its_file_is_resumed_where_it_stopped() {
    let app = TestApp::new().await;
    sql_value(&app, "update channel set is_default = false returning 1").await;
    let import = upload(&app, "", "a").await.expect(202).json();
    assert!(worker(&app).step().await.unwrap());
    let failed = shown(&app, &import).await;
    assert_eq!((text(&failed, "status"), &failed["resumable"], uploads(&app)), ("failed", &json!(true), 1));
    assert!(text(&failed, "error").contains("default channel"));
    assert!(!worker(&app).step().await.unwrap(), "it waits for staff");

    sql_value(&app, "update channel set is_default = true returning 1").await;
    let resumed = act(&app, &import, "resume").await.expect(200).json();
    assert_eq!((text(&resumed, "status"), &resumed["error"]), ("pending", &Value::Null));
    assert_eq!(act(&app, &import, "resume").await.expect(409).code(), "import_not_failed");
    assert!(worker(&app).step().await.unwrap());
    assert_eq!(text(&shown(&app, &import).await, "status"), "succeeded");
    assert_eq!(act(&app, &import, "cancel").await.expect(409).code(), "import_ended");
}

#[tokio::test]
async fn a_file_that_is_no_catalogue_fails_for_good_and_says_why_without_our_words() {
    let app = TestApp::new().await;
    let request = app.post(PATH).admin().raw("text/csv", "Name,Amount\nA,1\n");
    let import = request.send().await.expect(202).json();
    assert_eq!(text(&import, "file_name"), "upload.csv");
    assert!(worker(&app).step().await.unwrap());
    let failed = shown(&app, &import).await;
    assert_eq!((text(&failed, "status"), &failed["resumable"], uploads(&app)), ("failed", &json!(false), 0));
    assert_eq!(text(&failed, "error"), "this is no product CSV of Shopify: it has no column `Title`");
    assert_eq!(act(&app, &import, "resume").await.expect(409).code(), "import_file_gone");
}

#[tokio::test]
async fn a_file_name_is_taken_from_the_query_or_the_header() {
    let app = TestApp::new().await;
    for (header, name) in [
        ("attachment; filename=\"hats & caps.jsonl\"", "hats & caps.jsonl"),
        ("attachment; filename=plain.jsonl; size=3", "plain.jsonl"),
        ("attachment; filename=\"C:\\\\files\\\\x.jsonl\"", "x.jsonl"),
        ("attachment; filename=\"../../etc/y.jsonl\"", "y.jsonl"),
        ("attachment", "upload.jsonl"),
        ("attachment; filename=\"\"", "upload.jsonl"),
    ] {
        let request = app.post(PATH).admin().header("content-disposition", header);
        let import = request.raw("application/x-ndjson", LINES).send().await.expect(202).json();
        assert_eq!(text(&import, "file_name"), name, "{header}");
        assert_eq!(import["bytes_total"], json!(LINES.len()));
    }
    let both = app.post(&format!("{PATH}?file_name=query.jsonl")).admin();
    let both = both.header("content-disposition", "attachment; filename=header.jsonl");
    let import = both.raw("application/x-ndjson", LINES).send().await.expect(202).json();
    assert_eq!(text(&import, "file_name"), "query.jsonl");
}

#[tokio::test]
async fn what_is_older_than_its_time_is_removed_and_nothing_else() {
    let app = TestApp::new().await;
    let old = upload(&app, "", "a").await.expect(202).json();
    assert!(worker(&app).step().await.unwrap());
    app.clock.advance(jiff::SignedDuration::from_hours(24 * 80));
    let young = upload(&app, "", "b").await.expect(202).json();
    assert!(worker(&app).step().await.unwrap());
    let waiting = upload(&app, "", "c").await.expect(202).json();
    let failed = upload(&app, "", "d").await.expect(202).json();
    let fail = format!(
        "update import_run set status = 'failed', finished_at = '{}' where file_blob like '{}%' returning 1",
        app.clock.now(),
        text(&failed, "id")
    );
    sql_value(&app, &fail).await;
    std::fs::write(app.shop.uploads.join("left.part"), "x").unwrap();
    std::fs::write(app.shop.uploads.join("new.part"), "x").unwrap();
    let age = |name: &str, hours: i64| {
        let at = app.clock.now() - jiff::SignedDuration::from_hours(hours);
        let file = std::fs::File::options().write(true).open(app.shop.uploads.join(name)).unwrap();
        file.set_modified(at.into()).unwrap();
    };
    for name in [text(&waiting, "id"), text(&failed, "id")] {
        age(&format!("{name}.jsonl"), 24 * 8);
    }
    age("left.part", 24 * 8);
    age("new.part", 24 * 6);

    app.clock.advance(jiff::SignedDuration::from_hours(24 * 10));
    age("new.part", 24 * 6);
    worker(&app).sweep().await;
    assert_eq!(sql_value(&app, "select count(*) from import_run").await, "4", "90 days are not over");
    app.clock.advance(jiff::SignedDuration::from_hours(24));
    worker(&app).sweep().await;
    let left = app.get(PATH).admin().send().await.expect(200).json();
    let left: Vec<&str> = left["data"].as_array().unwrap().iter().map(|run| text(run, "id")).collect();
    assert_eq!(left.len(), 3);
    assert!(!left.contains(&text(&old, "id")) && left.contains(&text(&young, "id")));
    assert_eq!(
        sql_value(&app, "select count(*) from import_error").await,
        "1",
        "the old run's errors are gone"
    );
    let mut files: Vec<String> = std::fs::read_dir(&app.shop.uploads)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut expected = [format!("{}.jsonl", text(&waiting, "id")), "new.part".to_owned()];
    expected.sort();
    assert_eq!(files, expected);
    assert_eq!(act(&app, &failed, "resume").await.expect(409).code(), "import_file_gone");
}
