//! What is malformed or against the rules: its 4xx with code and param, and nothing stored.

use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_testkit::TestApp;

use super::{boot, count, create, read};

fn with(changes: &Value) -> Value {
    let mut body = boot("Boot");
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[tokio::test]
async fn every_column_that_is_not_for_writing_is_refused() {
    let app = TestApp::new().await;
    let product = create(&app, &boot("Boot")).await;
    let path = format!("/api/admin/products/{}", product["id"].as_str().unwrap());
    for field in [
        "id",
        "version",
        "created_at",
        "updated_at",
        "published_at",
        "rating_sum",
        "rating_count",
        "brand_id",
        "product_type_id",
        "category_id",
        "channel_ids",
        "role",
        "is_admin",
        "store_id",
        "customer_id",
        "total",
    ] {
        for request in [app.post("/api/admin/products"), app.patch(&path).if_match(1)] {
            let response = request.admin().json(&with(&json!({field: "x"}))).send().await.expect(400);
            assert_eq!(response.code(), "unknown_field", "{field}");
            assert_eq!(response.json()["param"], format!("$.{field}"));
        }
    }
    for (place, body) in [
        ("$.variants[0].product_id", json!({"title": "x", "variants": [{"product_id": "x"}]})),
        (
            "$.variants[0].prices[0].variant_id",
            json!({"title": "x", "variants": [{"prices": [{"variant_id": 1}]}]}),
        ),
        ("$.media[0].width", json!({"title": "x", "media": [{"width": 1}]})),
        ("$.seo.keywords", json!({"title": "x", "seo": {"keywords": "x"}})),
        ("$.translations.de.handle", json!({"title": "x", "translations": {"de": {"handle": "x"}}})),
    ] {
        let response = app.post("/api/admin/products").admin().json(&body).send().await.expect(400);
        assert_eq!(response.json()["param"], place);
    }
    assert_eq!(read(&app, &product).await, product);
    assert_eq!((count(&app, "product").await, count(&app, "audit_log").await), (1, 1));
}

#[tokio::test]
async fn malformed_values_are_400_and_broken_rules_422_with_their_path() {
    let app = TestApp::new().await;
    for (status, param, changes) in [
        (400, "$.title", json!({"title": 7})),
        (400, "$.title", json!({"title": null})),
        (400, "$.handle", json!({"handle": "Not A Handle"})),
        (400, "$.status", json!({"status": "gone"})),
        (400, "$.publish_at", json!({"publish_at": "tomorrow"})),
        (400, "$.publish_at", json!({"publish_at": "-009999-01-01T00:00:00Z"})),
        (422, "$.publish_at", json!({"publish_at": "1969-12-31T23:59:59Z"})),
        (400, "$.price.amount", json!({"price": {"amount": 12.5, "currency": "EUR"}})),
        (400, "$.price.amount", json!({"price": {"amount": 10_000_000_000_001_i64, "currency": "EUR"}})),
        (400, "$.price.currency", json!({"price": {"amount": 1, "currency": "eur"}})),
        (400, "$.price.currency", json!({"price": {"amount": 1}})),
        (400, "$.stock", json!({"stock": "many"})),
        (400, "$.weight_grams", json!({"weight_grams": -1})),
        (400, "$.translations.german", json!({"translations": {"german": {}}})),
        (422, "$.media[0]", json!({"media": [{"blob": "x", "source_url": "https://a.example/x"}]})),
        (422, "$.title", json!({"title": "   "})),
        (422, "$.title", json!({"title": "x".repeat(256)})),
        (422, "$.title", json!({"title": "a\u{1}b"})),
        (422, "$.price.amount", json!({"price": {"amount": -1, "currency": "EUR"}})),
        (
            422,
            "$.price.compare_at",
            json!({"price": {"amount": 1, "currency": "EUR", "compare_at": {"amount": 2, "currency": "USD"}}}),
        ),
        (422, "$.stock", json!({"stock": -1})),
        (422, "$.stock", json!({"stock": 1_000_000_001})),
        (422, "$.sku", json!({"sku": "x".repeat(101)})),
        (422, "$.category", json!({"category": "nowhere"})),
        (422, "$.categories[0]", json!({"categories": ["nowhere"]})),
        (422, "$.channels[0]", json!({"channels": ["nowhere"]})),
        (422, "$.brand", json!({"brand": "brand_01000000000000000000000010"})),
        (422, "$.brand", json!({"brand": "!!!"})),
        (422, "$.popularity", json!({"popularity": -1})),
        (422, "$.publish_at", json!({"publish_at": "2027-01-01T00:00:00Z", "status": "published"})),
        (422, "$.media[0].source_url", json!({"media": [{"source_url": "javascript:alert(1)"}]})),
        (422, "$.media[0].blob", json!({"media": [{"blob": format!("{}.png", "a".repeat(64))}]})),
        (422, "$.media[0]", json!({"media": [{"alt": "nothing"}]})),
        (422, "$.media[0].id", json!({"media": [{"id": "med_01000000000000000000000010"}]})),
        (422, "$.options[0].values", json!({"options": [{"name": "Color", "values": []}]})),
        (422, "$.tags[1]", json!({"tags": ["a", " "]})),
        (422, "$.metadata.", json!({"metadata": {"": 1}})),
    ] {
        let response = app.post("/api/admin/products").admin().json(&with(&changes)).send().await;
        let problem = response.json();
        assert_eq!(
            (response.status.as_u16(), problem["param"].as_str()),
            (status, Some(param)),
            "{changes}: {problem}"
        );
    }
    for table in ["product", "brand", "audit_log", "outbox", "stock_location"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn broken_rules_are_all_told_at_once() {
    let app = TestApp::new().await;
    let body = json!({"title": "", "category": "nowhere", "variants": [
        {"sku": "A", "options": {"Color": "Red"}}, {"sku": "A", "options": {"Color": "Red"}, "price": {"amount": -1, "currency": "EUR"}, "metadata": {"": 1}}]});
    let problem = app.post("/api/admin/products").admin().json(&body).send().await.expect(422).json();
    let codes: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
    for code in [
        "required",
        "unknown_category",
        "price_required",
        "negative_price",
        "duplicate_sku",
        "duplicate_variant",
    ] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    let errors = problem["errors"].as_array().unwrap();
    let metadata = errors.iter().find(|error| error["code"] == "invalid_key").unwrap();
    assert_eq!(metadata["param"], "$.variants[1].metadata.");
}

#[tokio::test]
async fn bodies_that_are_no_json_of_ours_are_refused() {
    let app = TestApp::new().await;
    let post = || app.post("/api/admin/products").admin();
    for (status, code, response) in [
        (400, "malformed_json", post().raw("application/json", "{").send().await),
        (400, "duplicate_key", post().raw("application/json", r#"{"title":"a","title":"b"}"#).send().await),
        (400, "json_too_deep", post().raw("application/json", "[".repeat(1000)).send().await),
        (400, "invalid_character", post().raw("application/json", r#"{"title":"a\u0000"}"#).send().await),
        (415, "unsupported_media_type", post().raw("text/plain", "{}").send().await),
        (415, "unsupported_media_type", post().send().await),
        (413, "body_too_large", post().raw("application/json", " ".repeat(1024 * 1024 + 1)).send().await),
        (
            400,
            "unknown_parameter",
            app.post("/api/admin/products?dry=1").admin().json(&boot("x")).send().await,
        ),
        (
            400,
            "invalid_if_match",
            app.patch("/api/admin/products/x").admin().header("if-match", "v1").json(&json!({})).send().await,
        ),
        (400, "invalid_id", app.get("/api/admin/products/prod_x").admin().send().await),
        (404, "product_not_found", app.get("/api/admin/products/A%00b").admin().send().await),
        (
            405,
            "method_not_allowed",
            app.request("PUT".parse().unwrap(), "/api/admin/products").admin().send().await,
        ),
    ] {
        assert_eq!((response.status.as_u16(), response.code().as_str()), (status, code));
    }
    assert_eq!(count(&app, "product").await, 0);
}

#[tokio::test]
async fn scopes_are_needed() {
    let app = TestApp::new().await;
    let reader = app.key_with(&[Scope::ProductsRead]).await;
    let bearer = format!("Bearer {reader}");
    let _ = app.get("/api/admin/products").header("authorization", &bearer).send().await.expect(200);
    let refused = app
        .post("/api/admin/products")
        .header("authorization", &bearer)
        .json(&boot("x"))
        .send()
        .await
        .expect(403);
    assert_eq!(refused.code(), "insufficient_scope");
    let _ = app.get("/api/admin/stock-levels").header("authorization", &bearer).send().await.expect(403);
    let _ = app
        .post("/api/admin/media")
        .header("authorization", &bearer)
        .raw("image/png", "x")
        .send()
        .await
        .expect(403);
    assert_eq!(app.get("/api/admin/products").send().await.expect(401).code(), "authentication_required");
}

#[tokio::test]
async fn text_that_looks_like_code_stays_text() {
    let app = TestApp::new().await;
    let polyglot = "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//</stYle/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>";
    let body = with(
        &json!({"title": polyglot, "brand": polyglot, "tags": [polyglot], "description": polyglot,
                           "translations": {"de": {"description": polyglot}}, "metadata": {polyglot: polyglot},
                           "sku": "'; drop table product; --"}),
    );
    let product = create(&app, &body).await;
    assert_eq!(product["title"], polyglot);
    assert_eq!(product["variants"][0]["sku"], "'; drop table product; --");
    for html in [&product["description"], &product["translations"]["de"]["description"]] {
        assert!(!html.as_str().unwrap().to_lowercase().contains("<svg"), "{html}");
    }
    assert_eq!(count(&app, "product").await, 1);
}
