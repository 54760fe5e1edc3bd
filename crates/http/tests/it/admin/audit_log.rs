//! `/api/admin/audit-log`.

use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_testkit::TestApp;

use super::{make, text};

const PATH: &str = "/api/admin/audit-log";

async fn actions(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("{PATH}?{query}")).admin().send().await.expect(200);
    assert_eq!(page.statements, 2);
    page.json()["data"].as_array().unwrap().iter().map(|entry| text(entry, "action").to_owned()).collect()
}

#[tokio::test]
async fn entries_are_found_by_kind_thing_and_actor_and_page_by_page() {
    let app = TestApp::new().await;
    let brand = make(&app, "/api/admin/brands", &json!({"name": "a"})).await;
    make(&app, "/api/admin/brands", &json!({"name": "b"})).await;
    make(&app, "/api/admin/categories", &json!({"name": "c"})).await;
    assert_eq!(actions(&app, "").await, ["category.create", "brand.create", "brand.create"]);
    assert_eq!(actions(&app, "filter[entity_kind]=brand").await.len(), 2);
    let thing = format!("filter[entity_id]={}", text(&brand, "id"));
    assert_eq!(actions(&app, &thing).await, ["brand.create"]);

    let first = app.get(&format!("{PATH}?limit=2")).admin().send().await.expect(200).json();
    let rest = actions(&app, &format!("limit=2&cursor={}", text(&first["page"], "next"))).await;
    assert_eq!(rest, ["brand.create"]);
    let entry = &first["data"][0];
    let actor = text(&entry["actor"], "id");
    assert_eq!(text(&entry["actor"], "kind"), "api_key");
    assert_eq!(actions(&app, &format!("filter[actor_id]={actor}")).await.len(), 3);
    assert_eq!((&entry["before"], text(&entry["after"], "name")), (&Value::Null, "c"));
    for bad in ["filter[entity_id]=x", "filter[actor_id]=1", "count=exact", "filter[action]=x"] {
        let _ = app.get(&format!("{PATH}?{bad}")).admin().send().await.expect(400);
    }
}

#[tokio::test]
async fn what_a_known_key_was_denied_is_noted() {
    let app = TestApp::new().await;
    let weak = format!("Bearer {}", app.key_with(&[Scope::ProductsRead]).await);
    let request = app.post("/api/admin/brands").header("authorization", &weak).json(&json!({"name": "a"}));
    assert_eq!(request.send().await.expect(403).json()["required_scope"], "products:write");
    let page = app.get(PATH).admin().send().await.expect(200).json();
    assert_eq!(text(&page["data"][0], "action"), "api_key.denied");
    let after = json!({"operation": "POST /api/admin/brands", "required_scope": "products:write"});
    assert_eq!(page["data"][0]["after"], after);
    assert_eq!(page["data"][0]["entity_id"], page["data"][0]["actor"]["id"]);
}
