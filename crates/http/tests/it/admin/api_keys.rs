//! `/api/admin/api-keys`.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_testkit::TestApp;

use super::{latest_audit, make, sql_value, text};

const PATH: &str = "/api/admin/api-keys";

fn secret(scopes: &[&str]) -> Value {
    json!({"kind": "secret", "name": "robot", "scopes": scopes})
}

async fn opens(app: &TestApp, key: &str) -> u16 {
    let value = format!("Bearer {key}");
    app.get("/api/admin/brands").header("authorization", &value).send().await.status.as_u16()
}

#[tokio::test]
async fn a_secret_key_is_shown_once_works_and_stops_at_once() {
    let app = TestApp::new().await;
    let made = make(&app, PATH, &secret(&["products:read"])).await;
    let key = text(&made, "key").to_owned();
    assert_eq!(opens(&app, &key).await, 200);
    let path = format!("{PATH}/{}", text(&made, "id"));
    let shown = app.get(&path).admin().send().await.expect(200);
    let listed = app.get(PATH).admin().send().await.expect(200);
    let audit = latest_audit(&app, text(&made, "id")).await.to_string();
    for place in [String::from_utf8(shown.bytes).unwrap(), String::from_utf8(listed.bytes).unwrap(), audit] {
        assert!(!place.contains(&key[40..60]) && place.contains(text(&made, "hint")), "{place}");
    }
    let revoked = app.post(&format!("{path}/revoke")).admin().send().await.expect(200);
    assert_eq!((revoked.header("etag"), revoked.json()["revoked_at"].is_string()), ("\"v2\"", true));
    assert_eq!(opens(&app, &key).await, 401);
    let again = app.post(&format!("{path}/revoke")).admin().send().await.expect(200);
    assert_eq!(again.json(), revoked.json());
    assert_eq!(text(&latest_audit(&app, text(&made, "id")).await, "action"), "api_key.update");
}

#[tokio::test]
async fn a_deleted_key_stops_at_once_and_stays_in_the_list() {
    let app = TestApp::new().await;
    let made = make(&app, PATH, &secret(&["products:read"])).await;
    let path = format!("{PATH}/{}", text(&made, "id"));
    for _ in 0..2 {
        let _ = app.delete(&path).admin().send().await.expect(204);
    }
    assert_eq!(opens(&app, text(&made, "key")).await, 401);
    let shown = app.get(&path).admin().send().await.expect(200).json();
    assert!(shown["revoked_at"].is_string());
    assert_eq!(text(&latest_audit(&app, text(&made, "id")).await, "action"), "api_key.delete");
}

#[tokio::test]
async fn a_key_expires_by_itself() {
    let app = TestApp::new().await;
    let mut body = secret(&["products:read"]);
    body["expires_at"] = json!("2026-11-01T12:00:10Z");
    let key = make(&app, PATH, &body).await;
    assert_eq!(opens(&app, text(&key, "key")).await, 200);
    app.clock.advance(jiff::SignedDuration::from_secs(11));
    assert_eq!(opens(&app, text(&key, "key")).await, 401);
    assert_eq!(app.post(PATH).admin().json(&body).send().await.expect(422).json()["param"], "$.expires_at");
}

#[tokio::test]
async fn nobody_gives_a_scope_that_they_lack() {
    let app = TestApp::new().await;
    let weak = format!("Bearer {}", app.key_with(&[Scope::SettingsWrite, Scope::ProductsRead]).await);
    let ask = |scopes: &'static [&'static str], idempotency: &'static str| {
        let request = app.post(PATH).header("authorization", &weak).header("idempotency-key", idempotency);
        request.json(&secret(scopes)).send()
    };
    let refused = ask(&["products:read", "products:write"], "a").await.expect(403);
    assert_eq!(refused.code(), "scope_not_held");
    let _ = ask(&["products:read"], "b").await.expect(201);
    assert_eq!(sql_value(&app, "select count(*) from audit_log where action = 'api_key.denied'").await, "1");
    assert_eq!(sql_value(&app, "select count(*) from idempotency_key").await, "1", "the refusal is not kept");
}

#[tokio::test]
async fn a_repeat_of_the_making_shows_no_secret_and_none_is_stored() {
    let app = TestApp::new().await;
    let send = || {
        let request = app.post(PATH).admin().header("idempotency-key", "once");
        request.json(&secret(&["products:read"])).send()
    };
    let first = send().await.expect(201).json();
    let second = send().await.expect(201);
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!((second.json()["key"].clone(), &second.json()["id"]), (Value::Null, &first["id"]));
    let bits = &text(&first, "key")[text(&first, "key").len() - 64..];
    let dump = "select string_agg(t::text, '') from (
        select encode(response_body, 'escape')::text as t from idempotency_key
         union all select a::text from api_key a union all select l::text from audit_log l
         union all select o::text from outbox o) x";
    assert!(!sql_value(&app, dump).await.contains(bits));
}

#[tokio::test]
async fn a_key_is_either_of_a_channel_or_of_scopes() {
    let app = TestApp::new().await;
    let channel = app.channel_id.to_string();
    let made = make(&app, PATH, &json!({"kind": "publishable", "name": "web", "channel_id": channel})).await;
    assert!(text(&made, "key").starts_with("pk_"));
    assert_eq!(opens(&app, text(&made, "key")).await, 401, "it carries no authority");
    for (body, code) in [
        (secret(&[]), "scopes_required"),
        (secret(&["orders:everything"]), "unknown_scope"),
        (secret(&["products:read", "products:read"]), "duplicate_scope"),
        (json!({"kind": "publishable", "name": "x"}), "channel_required"),
        (
            json!({"kind": "publishable", "name": "x", "channel_id": "chan_00000000000000000000000001"}),
            "channel_not_found",
        ),
        (
            json!({"kind": "publishable", "name": "x", "channel_id": channel, "scopes": ["products:read"]}),
            "scopes_not_allowed",
        ),
        (
            json!({"kind": "secret", "name": "x", "scopes": ["products:read"], "channel_id": channel}),
            "channel_not_allowed",
        ),
    ] {
        assert_eq!(app.post(PATH).admin().json(&body).send().await.expect(422).code(), code, "{body}");
    }
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written_beside_the_requests_and_once_a_minute() {
    let app = TestApp::new().await;
    let start = app.shop.clock.now();
    let used = async || {
        app.shop.key_uses.write(app.shop.store.worker()).await.unwrap();
        let answer = app.get(PATH).admin().send().await.expect(200);
        assert_eq!(answer.statements, 2, "the key and the list: nothing is written on the way");
        answer.json()["data"][0]["last_used_at"].clone()
    };
    assert_eq!(used().await, Value::Null);
    assert_eq!(used().await, start.to_string());
    app.clock.advance(SignedDuration::from_secs(59));
    let _ = used().await;
    assert_eq!(used().await, start.to_string(), "one that is young enough is not written again");
    app.clock.advance(SignedDuration::from_secs(1));
    let _ = used().await;
    assert_eq!(used().await, app.shop.clock.now().to_string());
}
