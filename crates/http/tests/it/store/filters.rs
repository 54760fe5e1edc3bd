//! Filters of the listing: each finds what it says, and nothing else.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{found, listing, put, variant};

/// Four products that differ in everything that can be filtered by.
async fn shelf() -> TestApp {
    let app = TestApp::new().await;
    let colors =
        json!([{"name": "Color", "values": ["Red", "Blue"]}, {"name": "Size", "values": ["M", "L"]}]);
    let boot = json!({
        "brand": "Nordvik", "type": "Boots", "tags": ["warm", "new, and blue"], "options": colors,
        "variants": [variant(&json!({"Color": "Red", "Size": "M"}), 5000, 0), variant(&json!({"Color": "Blue", "Size": "L"}), 9000, 4)],
        "attributes": {"material": "wool", "height_cm": 18, "waterproof": true, "specs": {"sole": {"mm": 4.5}}, "fit.size": "1,5 L"},
    });
    put(&app, "Boot", 0, boot).await;
    let scarf = json!({
        "brand": "Nordvik", "type": "Scarves", "tags": ["warm"], "stock": 2,
        "attributes": {"material": ["silk", "wool"], "height_cm": 3, "waterproof": false},
    });
    put(&app, "Scarf", 2000, scarf).await;
    let hat = json!({
        "brand": "Bright Water", "type": "Hats", "options": colors,
        "variants": [variant(&json!({"Color": "Blue", "Size": "M"}), 3000, 1), variant(&json!({"Color": "Red", "Size": "L"}), 3100, 0)],
        "attributes": {"material": "felt", "specs": {"sole": {"mm": 1}}, "model": "18"},
    });
    put(&app, "Hat", 0, hat).await;
    put(&app, "Gift card", 1000, json!({"tags": ["new"]})).await;
    app.project().await;
    app
}

#[tokio::test]
async fn a_price_is_met_by_a_variant_and_not_by_the_span_between_two() {
    let app = shelf().await;
    for (query, expected) in [
        ("filter[price][gte]=3000&filter[price][lte]=5000", vec!["boot", "hat"]),
        ("filter[price][gt]=5000", vec!["boot"]),
        ("filter[price][lt]=2000", vec!["gift-card"]),
        ("filter[price][gte]=6000&filter[price][lte]=8000", vec![]),
        ("filter[price][gt]=9000", vec![]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn options_price_and_stock_are_met_by_one_and_the_same_variant() {
    let app = shelf().await;
    for (query, expected) in [
        ("filter[option.color]=red", vec!["boot", "hat"]),
        ("filter[option.Color]=BLUE", vec!["boot", "hat"]),
        ("filter[option.color]=red&filter[option.size]=m", vec!["boot"]),
        ("filter[option.color]=red&filter[option.size]=m,l", vec!["boot", "hat"]),
        ("filter[option.color]=blue&filter[option.size]=m", vec!["hat"]),
        ("filter[option.color]=red&filter[price][gte]=6000", vec![]),
        ("filter[option.color]=red&filter[in_stock]=true", vec![]),
        ("filter[option.color]=blue&filter[in_stock]=true", vec!["boot", "hat"]),
        ("filter[option.color]=green", vec![]),
        ("filter[option.shape]=red", vec![]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn attributes_are_found_as_texts_numbers_truth_values_and_inside_of_objects() {
    let app = shelf().await;
    for (query, expected) in [
        ("filter[attribute.material]=wool", vec!["boot", "scarf"]),
        ("filter[attribute.material]=felt,silk", vec!["hat", "scarf"]),
        ("filter[attribute.height_cm]=18", vec!["boot"]),
        ("filter[attribute.height_cm][gte]=3&filter[attribute.height_cm][lt]=18", vec!["scarf"]),
        ("filter[attribute.model]=18", vec!["hat"]),
        ("filter[attribute.waterproof]=true", vec!["boot"]),
        ("filter[attribute.waterproof]=false", vec!["scarf"]),
        ("filter[attribute.specs.sole.mm]=4.5", vec!["boot"]),
        ("filter[attribute.specs.sole.mm][gt]=0.5", vec!["boot", "hat"]),
        ("filter[attribute.specs.sole]=4.5", vec![]),
        ("filter[attribute.unheard_of]=x", vec![]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_key_with_a_dot_and_a_value_with_a_comma_can_be_asked_for_as_facets_write_them() {
    let app = shelf().await;
    assert_eq!(found(&app, "filter[attribute.fit%5C.size]=1%5C,5+L,other").await, ["boot"]);
    assert_eq!(found(&app, "filter[attribute.fit%5C.size]=1,5+L").await, Vec::<String>::new());
    assert_eq!(found(&app, "filter[attribute.specs%5C.sole.mm]=4.5").await, Vec::<String>::new());
    let listed = app.get("/api/products?facets=attribute.fit%5C.size").send().await.expect(200).json();
    assert_eq!(listed["facets"][0]["key"], r"attribute.fit\.size");
}

#[tokio::test]
async fn stock_brand_type_and_tag_are_found_by_any_of_their_values() {
    let app = shelf().await;
    for (query, expected) in [
        ("filter[in_stock]=true", vec!["boot", "hat", "scarf"]),
        ("filter[in_stock]=false", vec!["gift-card"]),
        ("filter[brand]=nordvik", vec!["boot", "scarf"]),
        ("filter[brand]=nordvik,bright-water", vec!["boot", "hat", "scarf"]),
        ("filter[type]=hats", vec!["hat"]),
        ("filter[type]=hats,boots&filter[brand]=nordvik", vec!["boot"]),
        ("filter[tag]=warm", vec!["boot", "scarf"]),
        ("filter[tag]=new", vec!["gift-card"]),
        ("filter[tag]=new%5C,+and+blue", vec!["boot"]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_rating_counts_approved_reviews_alone() {
    let app = shelf().await;
    for (handle, stars, status) in
        [("scarf", 5, "approved"), ("scarf", 4, "approved"), ("hat", 3, "approved"), ("boot", 5, "pending")]
    {
        let id =
            app.get(&format!("/api/admin/products/{handle}")).admin().send().await.expect(200).json()["id"]
                .clone();
        let body = json!({"product_id": id, "author": "Ada", "rating": stars, "status": status});
        let _ = app.post("/api/admin/reviews").admin().json(&body).send().await.expect(201);
    }
    app.project().await;
    assert_eq!(found(&app, "filter[rating][gte]=4.5").await, ["scarf"]);
    assert_eq!(found(&app, "filter[rating][gte]=3&filter[rating][lt]=4.5").await, ["hat"]);
    let scarf = &listing(&app, "filter[rating][gt]=4").await["data"][0];
    assert_eq!(scarf["rating"], json!({"average": 4.5, "count": 2}));
}

#[tokio::test]
async fn words_are_searched_together_with_filters() {
    let app = shelf().await;
    // What is nearly called so comes behind.
    assert_eq!(listing(&app, "q=scarf").await["data"][0]["handle"], "scarf");
    assert_eq!(found(&app, "q=Boots").await, ["boot"]);
    assert_eq!(found(&app, "q=scarf&filter[brand]=bright-water").await, Vec::<String>::new());
    assert_eq!(found(&app, "q=%20%20").await.len(), 4, "blanks alone are no words");
    assert_eq!(found(&app, "q=%27%3B+drop+table+product%3B--").await, Vec::<String>::new());
}
