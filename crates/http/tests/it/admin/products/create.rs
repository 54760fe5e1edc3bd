//! New products.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{boot, count, create, rows};

#[tokio::test]
async fn a_title_and_a_price_make_a_product() {
    let app = TestApp::new().await;
    let response = app.post("/api/admin/products").admin().json(&boot("Trail boot")).send().await.expect(201);
    let product = response.json();
    assert_eq!(
        response.header("location"),
        format!("/api/admin/products/{}", product["id"].as_str().unwrap())
    );
    assert_eq!(response.header("etag"), "\"v1\"");
    assert_eq!(response.header("cache-control"), "private, no-store");
    assert_eq!((&product["handle"], &product["status"]), (&json!("trail-boot"), &json!("draft")));
    let variant = &product["variants"][0];
    assert_eq!(variant["prices"], json!([{"amount": 5400, "currency": "EUR", "compare_at": null}]));
    assert_eq!(variant["stock"], json!({"on_hand": 0, "reserved": 0, "allocated": 0, "available": 0}));
    let again = app.get("/api/admin/products/trail-boot").admin().send().await.expect(200);
    assert_eq!(again.json(), product);
    let event = &rows(&app, "select type, version from outbox").await[0];
    assert_eq!((event.get::<_, &str>(0), event.get::<_, i64>(1)), ("product.created", 1));
    let entry = &rows(&app, "select action, before, after->>'title' from audit_log").await[0];
    assert_eq!(entry.get::<_, &str>(0), "product.create");
    assert_eq!(entry.get::<_, Option<Value>>(1), None);
    assert_eq!(entry.get::<_, &str>(2), "Trail boot");
}

#[tokio::test]
async fn everything_that_is_written_is_read_back() {
    let app = TestApp::new().await;
    let body = json!({
        "title": "Trail boot", "handle": "boot", "description": "<p onclick=\"x()\">Warm<script>alert(1)</script></p>",
        "brand": "Bright Water", "type": "Boots", "status": "published", "tags": ["new", "warm", "new"],
        "options": [{"name": "Color", "values": ["Red", "Blue"]}, {"name": "Size", "values": ["42"]}],
        "variants": [
            {"sku": "B-R", "barcode": "4001", "options": {"Color": "Red"}, "weight_grams": 900, "stock": 7,
             "prices": [{"amount": 5400, "currency": "EUR", "compare_at": 6000}, {"amount": 700_000, "currency": "JPY"}],
             "image": "https://cdn.example/red.jpg", "metadata": {"shelf": 3}},
            {"sku": "B-B", "options": {"Color": "Blue", "Size": "42"}, "tracked": false, "backorder": true,
             "price": {"amount": 5500, "currency": "EUR", "compare_at": {"amount": 6100, "currency": "EUR"}}},
        ],
        "attributes": {"material": "wool", "care": ["wash"]}, "metadata": {"erp": {"id": 1}},
        "media": [{"source_url": "https://cdn.example/red.jpg", "alt": "Red boot"}],
        "seo": {"title": "Boots"}, "channels": ["web"], "popularity": 12,
        "translations": {"de": {"title": "Stiefel", "seo": {"title": "Schuhe"}}},
    });
    let product = create(&app, &body).await;
    assert_eq!(product["description"], "<p>Warm</p>");
    assert_eq!((&product["brand"], &product["type"]), (&json!("Bright Water"), &json!("Boots")));
    assert_eq!(product["tags"], json!(["new", "warm"]));
    assert_eq!(product["published_at"], "2026-11-01T12:00:00Z");
    assert_eq!(product["attributes"], json!({"material": "wool", "care": ["wash"]}));
    assert_eq!(product["translations"]["de"]["title"], "Stiefel");
    assert_eq!(product["translations"]["de"]["seo"]["title"], "Schuhe");
    assert_eq!(product["channels"], json!([app.channel_id.to_string()]));
    let (red, blue) = (&product["variants"][0], &product["variants"][1]);
    assert_eq!(red["title"], "Red / 42");
    assert_eq!(red["stock"]["available"], 7);
    assert_eq!(red["image"], product["media"][0]["id"]);
    assert_eq!(red["prices"][0]["compare_at"], 6000);
    assert_eq!(red["prices"][1], json!({"amount": 700_000, "currency": "JPY", "compare_at": null}));
    assert_eq!((&blue["tracked"], &blue["backorder"]), (&json!(false), &json!(true)));
    assert_eq!(blue["prices"][0]["compare_at"], 6100);
}

#[tokio::test]
async fn brands_and_types_are_found_by_handle_or_name_and_made_once() {
    let app = TestApp::new().await;
    for (title, brand) in [("a", "Bright Water"), ("b", "bright-water"), ("c", "BRIGHT WATER")] {
        let mut body = boot(title);
        body["brand"] = json!(brand);
        body["type"] = json!("Rain coats");
        let product = create(&app, &body).await;
        assert_eq!((&product["brand"], &product["type"]), (&json!("Bright Water"), &json!("Rain coats")));
    }
    assert_eq!((count(&app, "brand").await, count(&app, "product_type").await), (1, 1));
}

#[tokio::test]
async fn handles_of_the_same_title_are_numbered_and_a_given_one_is_not_bent() {
    let app = TestApp::new().await;
    let mut handles = Vec::new();
    for title in ["Boot", "Boot", "boot!", "???"] {
        handles.push(create(&app, &boot(title)).await["handle"].as_str().unwrap().to_owned());
    }
    assert_eq!(handles[..3], ["boot", "boot-2", "boot-3"]);
    assert!(handles[3].starts_with("prod-"), "{}", handles[3]);
    let mut taken = boot("Another");
    taken["handle"] = json!("boot-2");
    let response = app.post("/api/admin/products").admin().json(&taken).send().await.expect(409);
    let problem = response.json();
    assert_eq!((&problem["code"], &problem["param"]), (&json!("handle_taken"), &json!("$.handle")));
    assert!(problem["product_id"].as_str().unwrap().starts_with("prod_"));
}

#[tokio::test]
async fn a_sku_belongs_to_one_variant_of_the_shop() {
    let app = TestApp::new().await;
    let mut first = boot("First");
    first["sku"] = json!("S-1");
    let first = create(&app, &first).await;
    let mut second = boot("Second");
    second["sku"] = json!("S-1");
    let problem = app.post("/api/admin/products").admin().json(&second).send().await.expect(409).json();
    assert_eq!((&problem["code"], &problem["param"]), (&json!("sku_taken"), &json!("$.sku")));
    assert_eq!(problem["product_id"], first["id"]);
    assert_eq!(problem["variant_id"], first["variants"][0]["id"]);
    assert_eq!(count(&app, "product").await, 1);
}

#[tokio::test]
async fn the_number_of_statements_does_not_depend_on_the_number_of_variants() {
    let app = TestApp::new().await;
    let body = |count: usize| {
        let values: Vec<String> = (0..count).map(|number| format!("v{number}")).collect();
        let variants: Vec<Value> = values
            .iter()
            .map(|value| {
                json!({"sku": format!("{count}-{value}"), "options": {"No": value}, "stock": 3,
                       "prices": [{"amount": 100, "currency": "EUR"}, {"amount": 120, "currency": "USD"}]})
            })
            .collect();
        json!({"title": format!("Of {count}"), "brand": format!("Brand {count}"), "variants": variants,
               "options": [{"name": "No", "values": values}],
               "media": [{"source_url": "https://cdn.example/a.jpg"}]})
    };
    let one = app.post("/api/admin/products").admin().json(&body(1)).send().await.expect(201);
    let many = app.post("/api/admin/products").admin().json(&body(100)).send().await.expect(201);
    assert_eq!(many.json()["variants"].as_array().unwrap().len(), 100);
    assert_eq!(one.statements, many.statements);
    assert!(one.statements <= 32, "{}", one.statements);
    let patched = |product: Value| {
        let app = &app;
        async move { super::patch(app, &product, &json!({"title": "Renamed"})).await.expect(200).statements }
    };
    assert_eq!(patched(one.json()).await, patched(many.json()).await);
    let list = app.get("/api/admin/products?limit=1").admin().send().await.expect(200).statements;
    assert_eq!(app.get("/api/admin/products?limit=2").admin().send().await.expect(200).statements, list);
}

#[tokio::test]
async fn the_same_idempotency_key_makes_one_product() {
    let app = TestApp::new().await;
    let send = |body: Value| {
        let app = &app;
        async move {
            app.post("/api/admin/products").admin().header("idempotency-key", "k-1").json(&body).send().await
        }
    };
    let first = send(boot("Boot")).await.expect(201);
    let second = send(boot("Boot")).await.expect(201);
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!((first.json(), first.header("location")), (second.json(), second.header("location")));
    assert_eq!(send(boot("Other")).await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(count(&app, "product").await, 1);
}
