//! What a card and a page hold, and `expand` and `fields`.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{listing, put, variant};

fn names(thing: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = thing.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

const CARD: [&str; 13] = [
    "availability",
    "brand",
    "category",
    "compare_at_price",
    "handle",
    "id",
    "image",
    "price",
    "price_max",
    "rating",
    "title",
    "updated_at",
    "variant_count",
];

async fn shelf() -> TestApp {
    let app = TestApp::new().await;
    let more = json!({
        "brand": "Nordvik", "description": "<p>Warm</p>", "attributes": {"material": "wool"}, "metadata": {"erp": 7},
        "options": [{"name": "Color", "values": ["Red", "Blue"]}], "seo": {"title": "Boots"},
        "variants": [variant(&json!({"Color": "Red"}), 5400, 7), variant(&json!({"Color": "Blue"}), 6000, 0)],
    });
    put(&app, "Trail boot", 0, more).await;
    app.project().await;
    app
}

#[tokio::test]
async fn a_card_has_exactly_its_fields_whatever_is_missing() {
    let app = shelf().await;
    let card = &listing(&app, "").await["data"][0];
    assert_eq!(names(card), CARD);
    assert_eq!(card["price"], json!({"amount": 5400, "currency": "EUR"}));
    assert_eq!(card["price_max"], json!({"amount": 6000, "currency": "EUR"}));
    assert_eq!(
        (&card["category"], &card["image"], &card["compare_at_price"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!((&card["variant_count"], &card["availability"]), (&json!(2), &json!("in_stock")));
    assert_eq!(card["rating"], json!({"average": 0, "count": 0}));
}

#[tokio::test]
async fn a_page_holds_the_card_and_all_there_is_to_say() {
    let app = shelf().await;
    let page = app.get("/api/products/trail-boot").send().await.expect(200).json();
    let card = &listing(&app, "").await["data"][0];
    for name in CARD {
        assert_eq!(page[name], card[name], "{name}");
    }
    assert_eq!(page["options"], json!([{"name": "Color", "values": ["Red", "Blue"]}]));
    assert_eq!(page["variants"][1]["options"], json!({"Color": "Blue"}));
    assert_eq!(page["variants"][1]["availability"], "out_of_stock");
    assert_eq!(
        (&page["attributes"], &page["description"]),
        (&json!({"material": "wool"}), &json!("<p>Warm</p>"))
    );
    assert_eq!((&page["metadata"]["erp"], &page["metadata"]["seo"]["title"]), (&json!(7), &json!("Boots")));
    let by_id =
        app.get(&format!("/api/products/{}", page["id"].as_str().unwrap())).send().await.expect(200).json();
    assert_eq!(by_id, page);
}

#[tokio::test]
async fn expansions_widen_a_card_and_fields_narrow_it() {
    let app = shelf().await;
    let page = app.get("/api/products/trail-boot").send().await.expect(200).json();
    let wide = &listing(&app, "expand=variants,attributes,options,media,description").await["data"][0];
    for name in ["variants", "attributes", "options", "media", "description"] {
        assert_eq!(wide[name], page[name], "{name}");
    }
    assert_eq!(wide.as_object().unwrap().len(), CARD.len() + 5);
    assert_eq!(names(&listing(&app, "fields=title,id").await["data"][0]), ["id", "title"]);
    assert_eq!(names(&listing(&app, "fields=id&expand=variants").await["data"][0]), ["id"]);
    assert_eq!(names(&listing(&app, "fields=id,variants").await["data"][0]), ["id", "variants"]);
    let part = app.get("/api/products/trail-boot?fields=metadata,price").send().await.expect(200).json();
    assert_eq!(names(&part), ["metadata", "price"]);
    assert_eq!(part["price"], page["price"]);
}
