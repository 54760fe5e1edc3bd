//! Reviews of a product as shoppers read them.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{assert_refused, put, texts};
use crate::admin::text;

async fn review(app: &TestApp, product: &Value, author: &str, rating: u8, status: &str) -> Value {
    let body = json!({"product_id": product["id"], "author": author, "rating": rating, "title": "Fine", "status": status,
        "body": "<b>bold</b>", "created_at": format!("2026-10-0{rating}T08:00:00Z")});
    app.post("/api/admin/reviews").admin().json(&body).send().await.expect(201).json()
}

#[tokio::test]
async fn approved_reviews_are_read_in_either_order_page_by_page() {
    let app = TestApp::new().await;
    let boot = put(&app, "Boot", 100, json!({})).await;
    for (author, rating, status) in [
        ("Ada", 3, "approved"),
        ("Bob", 5, "approved"),
        ("Cyd", 1, "approved"),
        ("Dan", 5, "pending"),
        ("Eve", 1, "rejected"),
    ] {
        review(&app, &boot, author, rating, status).await;
    }
    app.project().await;
    let read = async |query: &str| {
        app.get(&format!("/api/products/boot/reviews?{query}")).send().await.expect(200).json()
    };
    assert_eq!(texts(&read("").await["data"], "author"), ["Bob", "Ada", "Cyd"]);
    assert_eq!(texts(&read("sort=-rating").await["data"], "author"), ["Bob", "Ada", "Cyd"]);
    let first = read("limit=2").await;
    assert_eq!((&first["page"]["has_more"], &first["page"]["limit"]), (&json!(true), &json!(2)));
    let next = text(&first["page"], "next");
    let second = read(&format!("limit=2&cursor={next}")).await;
    assert_eq!(texts(&second["data"], "author"), ["Cyd"]);
    assert_eq!(second["page"]["next"], Value::Null);
    let one = &first["data"][0];
    assert_eq!((&one["rating"], &one["created_at"]), (&json!(5), &json!("2026-10-05T08:00:00Z")));
    let by_id = app.get(&format!("/api/products/{}/reviews", text(&boot, "id"))).send().await.expect(200);
    assert_eq!(by_id.json()["data"].as_array().unwrap().len(), 3);
    let refused = app.get(&format!("/api/products/boot/reviews?sort=-rating&cursor={next}")).send().await;
    assert_refused(&refused, 400, "invalid_cursor", "cursor", "the cursor of another order");
}

#[tokio::test]
async fn a_decision_of_staff_is_seen_in_the_reviews_and_on_the_card() {
    let app = TestApp::new().await;
    let boot = put(&app, "Boot", 100, json!({})).await;
    let pending = review(&app, &boot, "Ada", 4, "pending").await;
    app.project().await;
    let rating = async || {
        app.get("/api/products/boot?fields=rating").send().await.expect(200).json()["rating"].clone()
    };
    assert_eq!(rating().await, json!({"average": 0, "count": 0}));
    let path = format!("/api/admin/reviews/{}/moderate", text(&pending, "id"));
    let _ = app.post(&path).admin().json(&json!({"status": "approved"})).send().await.expect(200);
    app.project().await;
    assert_eq!(rating().await, json!({"average": 4, "count": 1}));
    assert_eq!(super::listing(&app, "").await["data"][0]["rating"], json!({"average": 4, "count": 1}));
    let reviews = app.get("/api/products/boot/reviews").send().await.expect(200).json();
    assert_eq!(texts(&reviews["data"], "author"), ["Ada"]);
}

#[tokio::test]
async fn reviews_of_nothing_and_bad_questions_are_refused() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    app.project().await;
    for (query, code, param) in [
        ("sort=rating", "invalid_sort", "sort"),
        ("limit=0", "invalid_parameter", "limit"),
        ("cursor=x", "invalid_cursor", "cursor"),
        ("cursor=", "invalid_cursor", "cursor"),
        ("page=2", "unknown_parameter", "page"),
        ("limit=1&limit=1", "duplicate_parameter", "limit"),
    ] {
        let refused = app.get(&format!("/api/products/boot/reviews?{query}")).send().await;
        assert_refused(&refused, 400, code, param, query);
    }
    assert_eq!(app.get("/api/products/hat/reviews").send().await.expect(404).code(), "product_not_found");
    assert_eq!(
        app.get("/api/products/boot/reviews?limit=100").send().await.expect(200).json()["data"],
        json!([])
    );
}
