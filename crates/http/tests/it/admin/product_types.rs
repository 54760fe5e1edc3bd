//! `/api/admin/product-types`.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{check_kept, make, product, sql, text};

#[tokio::test]
async fn a_product_type_is_kept_with_its_schema() {
    let app = TestApp::new().await;
    let schema = json!([{"key": "material", "label": "Material", "kind": "enum", "values": ["wool"], "required": true},
                        {"key": "height", "label": "Height", "kind": "integer", "unit": "cm", "required": false}]);
    let body = json!({"name": "Hat", "handle": "hat", "attributes": schema});
    let patch = json!({"attributes": [{"key": "size", "label": "Size", "kind": "text", "required": false}]});
    check_kept(&app, "/api/admin/product-types", &body, &patch).await;
}

#[tokio::test]
async fn a_schema_that_is_not_sound_is_refused_with_every_finding() {
    let app = TestApp::new().await;
    let attributes = json!([{"key": "Bad Key", "label": "", "kind": "enum"}, {"key": "a", "label": "A", "kind": "text"},
                            {"key": "a", "label": "A", "kind": "text"}]);
    let body = json!({"name": "Hat", "attributes": attributes});
    let refused = app.post("/api/admin/product-types").admin().json(&body).send().await.expect(422).json();
    let found: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|error| text(error, "param")).collect();
    let expected =
        ["$.attributes[0].key", "$.attributes[0].values", "$.attributes[2].key", "$.attributes[0].label"];
    assert_eq!(found, expected);
    let unknown = json!({"name": "Hat", "attributes": [{"key": "a", "label": "A", "kind": "colour"}]});
    let refused = app.post("/api/admin/product-types").admin().json(&unknown).send().await.expect(400);
    assert_eq!(refused.json()["param"], "$.attributes[0].kind");
}

#[tokio::test]
async fn a_product_type_that_a_product_has_is_not_deleted() {
    let app = TestApp::new().await;
    let made = make(&app, "/api/admin/product-types", &json!({"name": "Hat"})).await;
    product(&app, "hat").await;
    sql(&app, "update product set product_type_id = (select id from product_type)").await;
    let path = format!("/api/admin/product-types/{}", text(&made, "id"));
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "product_type_in_use");
}
