//! Lists of products.

use jiff::SignedDuration;
use serde_json::json;
use tradepost_testkit::TestApp;

use super::{boot, create, patch};

async fn titles(app: &TestApp, query: &str) -> Vec<String> {
    let body = app.get(&format!("/api/admin/products{query}")).admin().send().await.expect(200).json();
    body["data"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_in_every_order() {
    let app = TestApp::new().await;
    for title in ["B", "D", "A", "E", "C"] {
        let product = create(&app, &boot(title)).await;
        app.clock.advance(SignedDuration::from_secs(60));
        if title == "A" {
            let _ = patch(&app, &product, &json!({"description": "x"})).await.expect(200);
        }
    }
    for (sort, expected) in [("newest", "C E A D B"), ("updated", "C E A D B"), ("title", "A B C D E")] {
        let mut seen = Vec::new();
        let mut query = format!("?sort={sort}&limit=2&count=exact");
        loop {
            let body =
                app.get(&format!("/api/admin/products{query}")).admin().send().await.expect(200).json();
            assert_eq!(body["page"]["total"], 5);
            seen.extend(
                body["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| item["title"].as_str().unwrap().to_owned()),
            );
            let Some(next) = body["page"]["next"].as_str() else { break };
            query = format!("?sort={sort}&limit=2&count=exact&cursor={next}");
        }
        assert_eq!(seen.join(" "), expected, "{sort}");
    }
    let first = app.get("/api/admin/products?limit=1").admin().send().await.expect(200).json();
    let next = first["page"]["next"].as_str().unwrap();
    let foreign =
        app.get(&format!("/api/admin/products?sort=title&cursor={next}")).admin().send().await.expect(400);
    assert_eq!(foreign.code(), "invalid_cursor");
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let app = TestApp::new().await;
    for (title, brand, status) in
        [("Red boot", "Acme", "draft"), ("Red shoe", "Bravo", "published"), ("Hat", "Acme", "published")]
    {
        let mut body = boot(title);
        body["brand"] = json!(brand);
        body["status"] = json!(status);
        body["sku"] = json!(format!("SKU-{}", title.to_uppercase()));
        create(&app, &body).await;
        app.clock.advance(SignedDuration::from_secs(60));
    }
    for (query, expected) in [
        ("?filter[status]=published", vec!["Hat", "Red shoe"]),
        ("?q=RED&sort=title", vec!["Red boot", "Red shoe"]),
        ("?q=sku-ha", vec!["Hat"]),
        ("?q=SKU-HA", vec!["Hat"]),
        ("?q=red-sh", vec!["Red shoe"]),
        ("?q=%25", vec![]),
        ("?filter[brand]=acme&filter[status]=draft", vec!["Red boot"]),
        ("?filter[brand]=nobody", vec![]),
        ("?filter[updated_at][gte]=2026-11-01T12:01:00Z&sort=updated", vec!["Hat", "Red shoe"]),
        ("?filter[updated_at][gt]=2026-11-01T12:01:00Z", vec!["Hat"]),
        ("?filter[updated_at][lte]=2026-11-01T12:00:00Z", vec!["Red boot"]),
    ] {
        assert_eq!(titles(&app, query).await, expected, "{query}");
    }
    let shown =
        app.get("/api/admin/products?fields=id,title&limit=1").admin().send().await.expect(200).json();
    assert_eq!(shown["data"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "title"]);
}

#[tokio::test]
async fn what_is_no_parameter_is_refused_by_name() {
    let app = TestApp::new().await;
    for (query, status, param) in [
        ("?colour=red", 400, "colour"),
        ("?filter[colour]=red", 400, "filter[colour]"),
        ("?filter[status]=gone", 400, "filter[status]"),
        ("?sort=price", 400, "sort"),
        ("?fields=secret", 400, "fields"),
        ("?limit=0", 400, "limit"),
        ("?cursor=AAAA", 400, "cursor"),
        ("?q=", 400, "q"),
        ("?filter[updated_at][gte]=yesterday", 400, "filter[updated_at][gte]"),
        ("?filter[updated_at][gte]=-009999-01-01T00:00:00Z", 400, "filter[updated_at][gte]"),
        ("?category=nowhere", 404, "category"),
    ] {
        let response = app.get(&format!("/api/admin/products{query}")).admin().send().await.expect(status);
        assert_eq!(response.json()["param"], param, "{query}");
    }
}
