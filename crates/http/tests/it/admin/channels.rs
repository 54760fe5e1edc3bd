//! `/api/admin/channels`.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{check_kept, events, latest_audit, make, product, sql, text};

const PATH: &str = "/api/admin/channels";

fn body(name: &str) -> Value {
    json!({"name": name, "handle": name, "currency": "JPY", "default_locale": "ja", "locales": ["ja", "en"]})
}

#[tokio::test]
async fn a_channel_is_kept() {
    let app = TestApp::new().await;
    let patch =
        json!({"name": "Japan", "currency": "USD", "locales": ["en", "de-AT"], "default_locale": "en"});
    check_kept(&app, PATH, &body("japan"), &patch).await;
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["channel.created", "channel.updated", "channel.deleted"]);
}

#[tokio::test]
async fn currencies_and_locales_are_checked() {
    let app = TestApp::new().await;
    for (field, value, status, param) in [
        ("currency", json!("eur"), 400, "$.currency"),
        ("currency", json!("XAU"), 400, "$.currency"),
        ("default_locale", json!("german"), 400, "$.default_locale"),
        ("default_locale", json!("fr"), 422, "$.default_locale"),
        ("locales", json!(["ja", "ja"]), 422, "$.locales[1]"),
        ("locales", json!([]), 422, "$.locales"),
    ] {
        let mut body = body("japan");
        body[field] = value;
        let refused = app.post(PATH).admin().json(&body).send().await.expect(status);
        assert_eq!(refused.json()["param"], param, "{body}");
    }
}

#[tokio::test]
async fn there_is_always_one_default_and_it_is_active() {
    let app = TestApp::new().await;
    let former = app.get(&format!("{PATH}/web")).admin().send().await.expect(200).json();
    let made = make(&app, PATH, &body("japan")).await;
    let (former_path, path) =
        (format!("{PATH}/{}", text(&former, "id")), format!("{PATH}/{}", text(&made, "id")));
    let patch = |path: &str, body: Value| {
        let request = app.patch(path).admin().header("if-match", "*").json(&body);
        async move { request.send().await }
    };
    for change in [json!({"is_default": false}), json!({"active": false})] {
        assert_eq!(patch(&former_path, change).await.expect(409).code(), "default_required");
    }
    assert_eq!(app.delete(&former_path).admin().send().await.expect(409).code(), "default_required");
    let both = json!({"is_default": true, "active": false});
    assert_eq!(patch(&path, both).await.expect(409).code(), "default_required");

    let _ = patch(&path, json!({"is_default": true})).await.expect(200);
    let shown = app.get(&former_path).admin().send().await.expect(200).json();
    assert_eq!((&shown["is_default"], &shown["version"]), (&json!(false), &json!(2)));
    let audit = latest_audit(&app, text(&former, "id")).await;
    assert_eq!(
        (&audit["before"], &audit["after"]),
        (&json!({"is_default": true}), &json!({"is_default": false}))
    );
    let _ = app.delete(&former_path).admin().send().await.expect(204);
}

#[tokio::test]
async fn two_channels_that_become_the_default_at_once_leave_one() {
    let app = TestApp::new().await;
    let (one, two) = (make(&app, PATH, &body("one")).await, make(&app, PATH, &body("two")).await);
    for _ in 0..5 {
        let patch = |channel: &Value| {
            let path = format!("{PATH}/{}", text(channel, "id"));
            let app = &app;
            async move {
                let body = json!({"is_default": true});
                app.patch(&path).admin().header("if-match", "*").json(&body).send().await.expect(200)
            }
        };
        let _ = tokio::join!(patch(&one), patch(&two));
        let page = app.get(PATH).admin().send().await.expect(200).json();
        let defaults =
            page["data"].as_array().unwrap().iter().filter(|channel| channel["is_default"] == true);
        assert_eq!(defaults.count(), 1);
    }
}

#[tokio::test]
async fn a_channel_that_a_key_or_a_product_names_is_not_deleted() {
    let app = TestApp::new().await;
    let made = make(&app, PATH, &body("japan")).await;
    let path = format!("{PATH}/{}", text(&made, "id"));
    let key = json!({"kind": "publishable", "name": "shop", "channel_id": made["id"]});
    let key = make(&app, "/api/admin/api-keys", &key).await;
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "channel_has_keys");
    let key_path = format!("/api/admin/api-keys/{}", text(&key, "id"));
    let _ = app.delete(&key_path).admin().send().await.expect(204);
    product(&app, "hat").await;
    sql(&app, "update product set channel_ids = array(select id from channel where handle = 'japan')").await;
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "channel_has_products");
    sql(&app, "update product set channel_ids = null").await;
    let _ = app.delete(&path).admin().send().await.expect(204);
}
