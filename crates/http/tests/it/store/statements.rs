//! What reads cost in statements: the same for one product as for a hundred, and nothing the second time.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{put, variant};
use crate::admin::make;

async fn shelf() -> TestApp {
    let app = TestApp::new().await;
    make(&app, "/api/admin/categories", &json!({"name": "Shoes"})).await;
    for number in 0..12 {
        let values: Vec<String> = (0..=number).map(|value| format!("v{value}")).collect();
        let variants = values.iter().map(|value| variant(&json!({"No": value}), 100 + number, 1));
        let more = json!({"handle": format!("p{number}"), "category": "shoes", "tags": ["warm"],
            "options": [{"name": "No", "values": values}], "variants": variants.collect::<Vec<_>>()});
        put(&app, &format!("Product {number}"), 0, more).await;
    }
    app.project().await;
    app
}

#[tokio::test]
async fn a_listing_takes_as_many_statements_for_a_long_page_as_for_a_short_one() {
    let app = shelf().await;
    let count =
        async |query: &str| app.get(&format!("/api/products?{query}")).send().await.expect(200).statements;
    for query in
        ["sort=price", "q=product", "category=shoes", "expand=variants", "count=exact", "filter[tag]=warm"]
    {
        // As a shop that has not been asked yet, which has no card in its memory. Ids come out of memory always.
        app.shop.catalog.cache.invalidate_all();
        app.shop.catalog.cache.renew();
        let cold = count(&format!("{query}&limit=1")).await;
        let places = u32::from(query.starts_with("category"));
        let channels = u32::from(query == "sort=price");
        assert_eq!(cold, 1 + places + channels, "{query}");
        for limit in [2, 5, 12] {
            let larger = count(&format!("{query}&limit={limit}")).await;
            assert!(larger <= cold, "{query} by {limit}: {larger}, not {cold}");
        }
        assert_eq!(count(&format!("{query}&limit=12")).await, 0, "{query}");
    }
}

#[tokio::test]
async fn a_product_a_category_and_reviews_take_few_statements_and_none_when_they_are_known() {
    let app = shelf().await;
    for (path, cold_max, warm) in [
        ("/api/products/p11", 2, 0),
        ("/api/products/p0?locale=de", 2, 0),
        ("/api/categories", 2, 0),
        ("/api/categories/shoes", 2, 0),
        ("/api/products/p5/reviews", 3, 0),
    ] {
        let cold = app.get(path).send().await.expect(200).statements;
        assert!(cold <= cold_max, "{path}: {cold}");
        assert_eq!(app.get(path).send().await.expect(200).statements, warm, "{path}");
    }
}
