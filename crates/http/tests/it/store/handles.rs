//! Names in URLs: former handles lead on, what is not on the shelf is not there.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{change, found, put};
use crate::admin::{make, text};

#[tokio::test]
async fn former_handles_of_a_product_lead_to_the_present_one() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    change(&app, "/api/admin/products/boot", &json!({"handle": "hiking-boot"})).await;
    change(&app, "/api/admin/products/hiking-boot", &json!({"handle": "trail-boot"})).await;
    app.project().await;
    for former in ["boot", "hiking-boot"] {
        let moved = app.get(&format!("/api/products/{former}?fields=id&locale=de")).send().await.expect(301);
        assert_eq!(moved.header("location"), "/api/products/trail-boot?fields=id&locale=de");
        assert!(moved.header("cache-control").starts_with("public"), "{}", moved.header("cache-control"));
        assert!(moved.bytes.is_empty());
        let reviews = app.get(&format!("/api/products/{former}/reviews?limit=5")).send().await.expect(301);
        assert_eq!(reviews.header("location"), "/api/products/trail-boot/reviews?limit=5");
        // Staff change what they have read: a former handle is nobody's name to them.
        let path = format!("/api/admin/products/{former}");
        assert_eq!(app.get(&path).admin().send().await.expect(404).code(), "product_not_found");
    }
    assert_eq!(found(&app, "").await, ["trail-boot"]);
    // A handle that someone else takes is theirs.
    put(&app, "Another", 100, json!({"handle": "boot"})).await;
    app.project().await;
    assert_eq!(app.get("/api/products/boot").send().await.expect(200).json()["title"], "Another");
}

#[tokio::test]
async fn former_handles_of_a_category_lead_to_the_present_one() {
    let app = TestApp::new().await;
    let shoes = make(&app, "/api/admin/categories", &json!({"name": "Shoes"})).await;
    put(&app, "Boot", 100, json!({"category": "shoes"})).await;
    change(&app, &format!("/api/admin/categories/{}", text(&shoes, "id")), &json!({"handle": "footwear"}))
        .await;
    app.project().await;
    let moved = app.get("/api/categories/shoes?locale=en").send().await.expect(301);
    assert_eq!(moved.header("location"), "/api/categories/footwear?locale=en");
    assert_eq!(found(&app, "category=footwear").await, ["boot"]);
    assert_eq!(found(&app, "category=shoes").await, ["boot"], "a listing follows the former handle");
}

#[tokio::test]
async fn a_former_handle_leads_on_again_when_who_had_it_meanwhile_leaves_it_or_goes() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    change(&app, "/api/admin/products/boot", &json!({"handle": "trail-boot"})).await;
    let leads_on = async |when: &str| {
        app.project().await;
        let moved = app.get("/api/products/boot").send().await.expect(301);
        assert_eq!(moved.header("location"), "/api/products/trail-boot", "{when}");
    };
    put(&app, "Draft", 100, json!({"handle": "boot", "status": "draft"})).await;
    leads_on("a draft has it, which no shopper sees").await;
    change(&app, "/api/admin/products/boot", &json!({"handle": "draft"})).await;
    leads_on("the draft has left it").await;
    change(&app, "/api/admin/products/draft", &json!({"handle": "boot"})).await;
    let delete = || app.delete("/api/admin/products/boot").admin().header("if-match", "*").send();
    let _ = delete().await.expect(204);
    leads_on("the draft is deleted").await;
    put(&app, "Other", 100, json!({"handle": "boot"})).await;
    app.project().await;
    assert_eq!(app.get("/api/products/boot").send().await.expect(200).json()["title"], "Other");
    let archive = app.post("/api/admin/products/boot/archive").admin().header("if-match", "*");
    let _ = archive.send().await.expect(200);
    let _ = delete().await.expect(204);
    leads_on("what was on the shelf is deleted").await;
    // Its own memories go with a product.
    change(&app, "/api/admin/products/trail-boot", &json!({"status": "draft"})).await;
    let gone = app.delete("/api/admin/products/trail-boot").admin().header("if-match", "*");
    let _ = gone.send().await.expect(204);
    app.project().await;
    let _ = app.get("/api/products/boot").send().await.expect(404);
}

#[tokio::test]
async fn a_former_handle_of_a_category_outlives_another_that_had_it() {
    let app = TestApp::new().await;
    let rename = async |category: &serde_json::Value, handle: &str| {
        change(&app, &format!("/api/admin/categories/{}", text(category, "id")), &json!({"handle": handle}))
            .await;
    };
    let hats = make(&app, "/api/admin/categories", &json!({"name": "Hats"})).await;
    rename(&hats, "caps").await;
    let other = make(&app, "/api/admin/categories", &json!({"name": "Other"})).await;
    rename(&other, "hats").await;
    let path = format!("/api/admin/categories/{}", text(&other, "id"));
    let _ = app.delete(&path).admin().header("if-match", "*").send().await.expect(204);
    app.project().await;
    let moved = app.get("/api/categories/hats").send().await.expect(301);
    assert_eq!(moved.header("location"), "/api/categories/caps");
}

#[tokio::test]
async fn what_is_not_on_the_shelf_is_not_found_by_any_name() {
    let app = TestApp::new().await;
    let draft = put(&app, "Draft", 100, json!({"status": "draft"})).await;
    let archived = put(&app, "Archived", 100, json!({})).await;
    let taken_back = put(&app, "Taken back", 100, json!({})).await;
    let dollars = json!({"variants": [{"prices": [{"amount": 100, "currency": "USD"}]}]});
    let priceless = put(&app, "Priceless", 0, dollars).await;
    let elsewhere = put(&app, "Elsewhere", 100, json!({"channels": []})).await;
    let later =
        put(&app, "Later", 100, json!({"status": "draft", "publish_at": "2026-12-01T00:00:00Z"})).await;
    let deleted = put(&app, "Deleted", 100, json!({})).await;
    app.project().await;
    assert_eq!(found(&app, "").await, ["archived", "deleted", "taken-back"]);
    let _ = app
        .post("/api/admin/products/archived/archive")
        .admin()
        .header("if-match", "*")
        .send()
        .await
        .expect(200);
    let _ = app
        .post("/api/admin/products/taken-back/unpublish")
        .admin()
        .header("if-match", "*")
        .send()
        .await
        .expect(200);
    let _ = app
        .post("/api/admin/products/deleted/unpublish")
        .admin()
        .header("if-match", "*")
        .send()
        .await
        .expect(200);
    let _ =
        app.delete("/api/admin/products/deleted").admin().header("if-match", "*").send().await.expect(204);
    app.project().await;
    assert_eq!(found(&app, "").await, Vec::<String>::new());
    for product in [&draft, &archived, &taken_back, &priceless, &elsewhere, &later, &deleted] {
        for name in [text(product, "id"), text(product, "handle")] {
            for path in [format!("/api/products/{name}"), format!("/api/products/{name}/reviews")] {
                assert_eq!(app.get(&path).send().await.expect(404).code(), "product_not_found", "{path}");
            }
        }
    }
    let _ = app
        .post("/api/admin/products/draft/publish")
        .admin()
        .header("if-match", "*")
        .send()
        .await
        .expect(200);
    app.project().await;
    assert_eq!(found(&app, "").await, ["draft"]);
}
