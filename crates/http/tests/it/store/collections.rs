//! Collections as shoppers read them.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{assert_refused, change, found, put, texts};
use crate::admin::{make, text};

async fn collection(app: &TestApp, title: &str) -> Value {
    let body = json!({"title": title, "kind": "manual", "description": "<p>Ours</p>"});
    make(app, "/api/admin/collections", &body).await
}

#[tokio::test]
async fn collections_are_listed_by_title_page_by_page_and_known_ones_cost_nothing() {
    let app = TestApp::new().await;
    for title in ["Winter", "Autumn", "Spring"] {
        collection(&app, title).await;
    }
    app.project().await;
    let first = app.get("/api/collections?limit=2").send().await.expect(200);
    assert_eq!(first.statements, 2, "the channels and the page");
    assert!(first.header("cache-control").starts_with("public"));
    assert_eq!(first.header("surrogate-key"), "collections");
    let page = first.json();
    assert_eq!(texts(&page["data"], "handle"), ["autumn", "spring"]);
    assert_eq!(app.get("/api/collections?limit=2").send().await.expect(200).statements, 0);
    let next = format!("/api/collections?limit=2&cursor={}", text(&page["page"], "next"));
    let second = app.get(&next).send().await.expect(200);
    assert_eq!((texts(&second.json()["data"], "handle"), second.statements), (vec!["winter".to_owned()], 1));
    assert_eq!(second.json()["page"]["next"], Value::Null);
    collection(&app, "Summer").await;
    app.project().await;
    let all = app.get("/api/collections?locale=de").send().await.expect(200).json();
    assert_eq!(texts(&all["data"], "handle"), ["autumn", "spring", "summer", "winter"]);
    let etag = first.header("etag");
    let _ = app.get("/api/collections?limit=2").header("if-none-match", etag).send().await.expect(304);
}

#[tokio::test]
async fn a_collection_is_read_by_either_name_and_a_former_handle_leads_to_it() {
    let app = TestApp::new().await;
    let made = collection(&app, "Winter").await;
    let boot = put(&app, "Boot", 100, json!({})).await;
    let path = format!("/api/admin/collections/{}", text(&made, "id"));
    let add = json!({"product_id": boot["id"]});
    let _ = app.post(&format!("{path}/products")).admin().json(&add).send().await.expect(200);
    app.project().await;
    let shown = app.get("/api/collections/winter").send().await.expect(200);
    assert!(shown.statements <= 2, "{}", shown.statements);
    assert_eq!(
        shown.json(),
        json!({"id": made["id"], "handle": "winter", "title": "Winter", "description": "<p>Ours</p>"})
    );
    assert_eq!(app.get("/api/collections/winter").send().await.expect(200).statements, 0);
    let by_id = app.get(&format!("/api/collections/{}", text(&made, "id"))).send().await.expect(200);
    assert_eq!(by_id.json(), shown.json());
    change(&app, &path, &json!({"handle": "cold-days"})).await;
    app.project().await;
    let moved = app.get("/api/collections/winter?locale=en").send().await.expect(301);
    assert_eq!(moved.header("location"), "/api/collections/cold-days?locale=en");
    assert_eq!(found(&app, "collection=cold-days").await, ["boot"]);
    let _ = app.delete(&path).admin().send().await.expect(204);
    app.project().await;
    for gone in ["winter", "cold-days"] {
        let missing = app.get(&format!("/api/collections/{gone}")).send().await.expect(404);
        assert_eq!(missing.code(), "collection_not_found");
    }
}

#[tokio::test]
async fn unknown_collections_and_bad_questions_are_refused() {
    let app = TestApp::new().await;
    for unknown in ["hats", "col_00000000000000000000000001", "Hats", "a%20b", "x%00y"] {
        let missing = app.get(&format!("/api/collections/{unknown}")).send().await.expect(404);
        assert_eq!(missing.code(), "collection_not_found", "{unknown}");
    }
    for (path, code, param) in [
        ("/api/collections/col_zz", "invalid_id", "collection"),
        ("/api/collections/%ff", "invalid_path", "path"),
        ("/api/collections?limit=0", "invalid_parameter", "limit"),
        ("/api/collections?cursor=x", "invalid_cursor", "cursor"),
        ("/api/collections?cursor=", "invalid_cursor", "cursor"),
        ("/api/collections?sort=title", "unknown_parameter", "sort"),
        ("/api/collections/x?fields=id", "unknown_parameter", "fields"),
        ("/api/collections?locale=german", "invalid_parameter", "locale"),
    ] {
        assert_refused(&app.get(path).send().await, 400, code, param, path);
    }
}
