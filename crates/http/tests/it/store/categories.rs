//! The category tree and its branches.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{assert_refused, texts};
use crate::admin::{make, text};

async fn category(app: &TestApp, name: &str, parent: Option<&Value>, position: i32) -> Value {
    let parent = parent.map(|parent| text(parent, "id"));
    let body = json!({"name": name, "parent_id": parent, "position": position, "description": "<p>All of it</p>",
        "translations": {"de": {"name": format!("{name} (de)")}}});
    make(app, "/api/admin/categories", &body).await
}

async fn tree() -> (TestApp, Value) {
    let app = TestApp::new().await;
    let garden = category(&app, "Garden", None, 2).await;
    let clothing = category(&app, "Clothing", None, 1).await;
    let shoes = category(&app, "Shoes", Some(&clothing), 0).await;
    category(&app, "Boots", Some(&shoes), 2).await;
    category(&app, "Sandals", Some(&shoes), 1).await;
    app.project().await;
    (app, garden)
}

#[tokio::test]
async fn the_tree_is_read_whole_and_in_order() {
    let (app, garden) = tree().await;
    let tree = app.get("/api/categories").send().await.expect(200).json();
    assert_eq!(texts(&tree["data"], "handle"), ["clothing", "garden"]);
    assert_eq!(tree["data"][1]["id"], garden["id"]);
    let shoes = &tree["data"][0]["children"][0];
    assert_eq!((&shoes["name"], &shoes["description"]), (&json!("Shoes"), &json!("<p>All of it</p>")));
    assert_eq!(texts(&shoes["children"], "handle"), ["sandals", "boots"]);
    assert_eq!((&tree["page"]["next"], &tree["page"]["has_more"]), (&Value::Null, &json!(false)));
    let german = app.get("/api/categories?locale=de").send().await.expect(200).json();
    assert_eq!(texts(&german["data"], "name"), ["Clothing (de)", "Garden (de)"]);
}

#[tokio::test]
async fn a_category_comes_with_the_way_to_it_and_all_below_it() {
    let (app, _) = tree().await;
    let shoes = app.get("/api/categories/shoes").send().await.expect(200).json();
    assert_eq!(texts(&shoes["path"], "handle"), ["clothing", "shoes"]);
    assert_eq!(texts(&shoes["children"], "handle"), ["sandals", "boots"]);
    let by_id = app.get(&format!("/api/categories/{}", text(&shoes, "id"))).send().await.expect(200).json();
    assert_eq!(by_id, shoes);
    let top = app.get("/api/categories/clothing").send().await.expect(200).json();
    assert_eq!(texts(&top["path"], "handle"), ["clothing"]);
    assert_eq!(texts(&top["children"][0]["children"], "handle"), ["sandals", "boots"]);
}

#[tokio::test]
async fn unknown_categories_and_bad_questions_are_refused() {
    let (app, _) = tree().await;
    for unknown in ["hats", "cat_00000000000000000000000001", "Shoes", "a%20b", "x%00y"] {
        let missing = app.get(&format!("/api/categories/{unknown}")).send().await.expect(404);
        assert_eq!(missing.code(), "category_not_found", "{unknown}");
    }
    for (path, code, param) in [
        ("/api/categories/cat_zz", "invalid_id", "category"),
        ("/api/categories/%ff", "invalid_path", "path"),
        ("/api/categories?limit=1", "unknown_parameter", "limit"),
        ("/api/categories/shoes?fields=id", "unknown_parameter", "fields"),
        ("/api/categories?locale=german", "invalid_parameter", "locale"),
    ] {
        assert_refused(&app.get(path).send().await, 400, code, param, path);
    }
}
