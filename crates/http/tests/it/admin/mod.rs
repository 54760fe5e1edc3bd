//! The API of the staff.

mod api_keys;
mod audit_log;
mod brands;
mod categories;
mod channels;
mod collections;
mod customers;
mod exports;
mod imports;
mod orders;
mod prices;
mod pricing;
mod product_types;
pub(crate) mod products;
mod reviews;
mod stock_levels;
mod stock_locations;
mod stock_movements;
mod system;
mod webhooks;

use std::time::Duration;

use serde_json::Value;
use tradepost_testkit::{TestApp, TestResponse};

/// Runs SQL on the app's database; for what no endpoint gives yet.
pub async fn sql(app: &TestApp, text: &str) -> Vec<tokio_postgres::SimpleQueryMessage> {
    let (client, connection) =
        tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.expect("connects");
    tokio::spawn(connection);
    client.simple_query(text).await.expect("runs")
}

/// The first column of the first row.
pub async fn sql_value(app: &TestApp, text: &str) -> String {
    let messages = sql(app, text).await;
    let row = messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.and_then(|row| row.get(0)).unwrap_or_default().to_owned()
}

/// Longer than anything takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(25);

/// Another writer, with a transaction of its own that is open.
pub struct Intruder {
    client: tokio_postgres::Client,
    watcher: tokio_postgres::Client,
    pid: i32,
}

impl Intruder {
    /// Begins with a statement, of which it keeps the locks.
    pub async fn begin(app: &TestApp, first: &str) -> Self {
        let connect = async || {
            let (client, connection) =
                tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.expect("connects");
            tokio::spawn(connection);
            client
        };
        let (client, watcher) = (connect().await, connect().await);
        client.batch_execute(&format!("begin; {first}")).await.expect("runs");
        let pid = client.query_one("select pg_backend_pid()", &[]).await.expect("answers").get(0);
        Self { client, watcher, pid }
    }

    /// Waits until so many wait for its locks, one behind the other or not.
    pub async fn waited_for_by(&self, number: i64) {
        let waiting = "
            with recursive held (pid) as (
                select $1::int4
                 union
                select a.pid from pg_stat_activity a join held h on h.pid = any (pg_blocking_pids(a.pid)))
            select count(*) - 1 from held";
        while self.watcher.query_one(waiting, &[&self.pid]).await.expect("answers").get::<_, i64>(0) < number
        {
            tokio::task::yield_now().await;
        }
    }

    /// Goes on with a last statement as soon as somebody waits for its locks, and commits.
    pub async fn finish_when_waited_for(self, last: &str) {
        self.wait_until_waited_for_by(1).await;
        self.finish(last).await;
    }

    /// Waits until so many wait for its locks, or for somebody who waits for them.
    pub async fn wait_until_waited_for_by(&self, number: i64) {
        let waiting = "
            with recursive waiting (pid) as (
                select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))
                 union
                select a.pid from waiting w join pg_stat_activity a on w.pid = any (pg_blocking_pids(a.pid)))
            select count(*) from waiting";
        let asking = async {
            while self.watcher.query_one(waiting, &[&self.pid]).await.expect("answers").get::<_, i64>(0)
                < number
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("so many wait: else nothing is locked");
    }

    /// Runs a last statement and commits.
    pub async fn finish(self, last: &str) {
        self.client.batch_execute(&format!("{last}; commit")).await.expect("runs");
    }
}

/// Puts a bare product into the database; answers its id on the wire.
pub async fn product(app: &TestApp, handle: &str) -> String {
    let id: tradepost_domain::kernel::ids::ProductId = app.shop.ids.next();
    let uuid = tradepost_domain::kernel::ids::EntityId::as_uuid(&id);
    let text = format!(
        "insert into product (id, handle, title, status, created_at, updated_at)
         values ('{uuid}', '{handle}', '{handle}', 'draft', now(), now())"
    );
    sql(app, &text).await;
    id.to_string()
}

/// Makes a thing; answers what the API shows of it.
pub async fn make(app: &TestApp, path: &str, body: &Value) -> Value {
    let response = app.post(path).admin().json(body).send().await.expect(201);
    assert_eq!(response.header("etag"), "\"v1\"");
    let json = response.json();
    assert_eq!(response.header("location"), format!("{path}/{}", text(&json, "id")));
    json
}

/// A field that is a text.
pub fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("{field} of {json}"))
}

/// The types and payloads of the events in the outbox, in order.
pub async fn events(app: &TestApp) -> Vec<(String, Value)> {
    let text = "select coalesce(json_agg(json_build_array(type, payload) order by id), '[]') from outbox";
    serde_json::from_str(&sql_value(app, text).await).unwrap()
}

/// The latest entry of the audit log about a thing.
pub async fn latest_audit(app: &TestApp, id: &str) -> Value {
    let path = format!("/api/admin/audit-log?filter%5Bentity_id%5D={id}&limit=1");
    app.get(&path).admin().send().await.expect(200).json()["data"][0].clone()
}

/// Checks what every kept thing with a handle and a version shares. `body` makes one, `patch` changes it.
pub async fn check_kept(app: &TestApp, path: &str, body: &Value, patch: &Value) {
    let made = make(app, path, body).await;
    let one = format!("{path}/{}", text(&made, "id"));
    let by_handle = format!("{path}/{}", text(&made, "handle"));
    for path in [&one, &by_handle] {
        let shown = app.get(path).admin().send().await.expect(200);
        assert_eq!((shown.json(), shown.header("etag")), (made.clone(), "\"v1\""));
        assert_eq!((shown.header("cache-control"), shown.statements), ("private, no-store", 2));
    }
    let taken = app.post(path).admin().json(body).send().await.expect(409);
    assert_eq!((taken.code(), taken.json()["param"].clone()), ("handle_taken".to_owned(), "$.handle".into()));

    let without = app.patch(&one).admin().json(patch).send().await.expect(428);
    assert_eq!(without.code(), "precondition_required");
    let stale = app.patch(&one).admin().if_match(7).json(patch).send().await.expect(412);
    assert_eq!((stale.code(), stale.json()["current"].clone()), ("version_mismatch".to_owned(), 1.into()));
    let same = app.patch(&one).admin().if_match(1).json(&serde_json::json!({})).send().await.expect(200);
    assert_eq!(same.header("etag"), "\"v1\"", "what changes nothing makes no version");
    let unchanged = app.patch(&by_handle).admin().if_match(1).json(&serde_json::json!({})).send().await;
    assert_eq!(unchanged.expect(200).statements, same.statements, "a handle costs no look-up of its own");
    let changed = app.patch(&by_handle).admin().if_match(1).json(patch).send().await.expect(200);
    assert_eq!((changed.header("etag"), changed.json()["version"].clone()), ("\"v2\"", 2.into()));
    for (field, value) in patch.as_object().unwrap() {
        assert_eq!(&changed.json()[field], value, "{field}");
    }
    let audit = latest_audit(app, text(&made, "id")).await;
    assert!(text(&audit, "action").ends_with(".update"), "{audit}");
    assert_eq!(&audit["after"], patch);
    if patch.get("handle").is_some() {
        let former = app.patch(&by_handle).admin().if_match(2).json(&serde_json::json!({})).send().await;
        assert!(former.expect(404).code().ends_with("_not_found"));
    }
    check_deletion(app, &one, &format!("{path}/{}", text(&changed.json(), "handle"))).await;
}

async fn check_deletion(app: &TestApp, one: &str, by_handle: &str) {
    let stale = app.delete(by_handle).admin().if_match(1).send().await.expect(412);
    assert_eq!(stale.json()["current"], 2);
    let gone = app.delete(by_handle).admin().if_match(2).send().await.expect(204);
    assert!(gone.bytes.is_empty());
    let missing = app.get(one).admin().send().await.expect(404);
    assert!(missing.code().ends_with("_not_found"), "{}", missing.code());
    for path in [one, by_handle] {
        let _: TestResponse = app.delete(path).admin().send().await.expect(404);
    }
}
