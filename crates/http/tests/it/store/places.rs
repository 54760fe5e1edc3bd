//! Listings of a category with all below it, and of collections.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{assert_refused, change, found, handles, put};
use crate::admin::{make, text};

async fn category(app: &TestApp, name: &str, parent: Option<&Value>) -> Value {
    let parent = parent.map(|parent| text(parent, "id"));
    make(app, "/api/admin/categories", &json!({"name": name, "parent_id": parent})).await
}

#[tokio::test]
async fn a_category_shows_its_whole_subtree_by_handle_and_by_id() {
    let app = TestApp::new().await;
    let clothing = category(&app, "Clothing", None).await;
    let shoes = category(&app, "Shoes", Some(&clothing)).await;
    let boots = category(&app, "Boots", Some(&shoes)).await;
    category(&app, "Garden", None).await;
    put(&app, "Hiking boot", 100, json!({"category": "boots"})).await;
    put(&app, "Sandal", 100, json!({"category": "shoes"})).await;
    put(&app, "Shirt", 100, json!({"category": "clothing", "categories": ["garden"]})).await;
    put(&app, "Lamp", 100, json!({})).await;
    app.project().await;
    assert_eq!(found(&app, "category=clothing").await, ["hiking-boot", "sandal", "shirt"]);
    assert_eq!(found(&app, "category=shoes").await, ["hiking-boot", "sandal"]);
    assert_eq!(found(&app, &format!("category={}", text(&boots, "id"))).await, ["hiking-boot"]);
    assert_eq!(found(&app, "category=garden").await, ["shirt"]);
    for unknown in ["cellar", "cat_00000000000000000000000001"] {
        let missing = app.get(&format!("/api/products?category={unknown}")).send().await;
        assert_refused(&missing, 404, "category_not_found", "category", unknown);
    }
    // The subtree follows its root.
    change(&app, &format!("/api/admin/categories/{}", text(&boots, "id")), &json!({"parent_id": null})).await;
    app.project().await;
    assert_eq!(found(&app, "category=clothing").await, ["sandal", "shirt"]);
    assert_eq!(found(&app, "category=boots").await, ["hiking-boot"]);
}

#[tokio::test]
async fn a_collection_shows_what_was_picked_or_what_its_rule_picks() {
    let app = TestApp::new().await;
    let boot = put(&app, "Boot", 9000, json!({"tags": ["warm"]})).await;
    put(&app, "Scarf", 2000, json!({"tags": ["warm"]})).await;
    put(&app, "Hat", 3000, json!({})).await;
    let picked = make(&app, "/api/admin/collections", &json!({"title": "Picked", "kind": "manual"})).await;
    let path = format!("/api/admin/collections/{}/products", text(&picked, "id"));
    let _ = app.post(&path).admin().json(&json!({"product_id": boot["id"]})).send().await.expect(200);
    let rule = json!({"match": "all", "conditions": [
        {"field": "tag", "operator": "eq", "value": "warm"}, {"field": "price", "operator": "lt", "value": 5000}]});
    make(&app, "/api/admin/collections", &json!({"title": "Warm and cheap", "kind": "rule", "rule": rule}))
        .await;
    app.project().await;
    assert_eq!(handles(&app, "collection=picked").await, ["boot"]);
    assert_eq!(handles(&app, &format!("collection={}", text(&picked, "id"))).await, ["boot"]);
    assert_eq!(handles(&app, "collection=warm-and-cheap").await, ["scarf"]);
    let missing = app.get("/api/products?collection=none").send().await;
    assert_refused(&missing, 404, "collection_not_found", "collection", "collection=none");
    change(&app, "/api/admin/products/hat", &json!({"tags": ["warm"]})).await;
    app.project().await;
    assert_eq!(found(&app, "collection=warm-and-cheap").await, ["hat", "scarf"]);
}
