//! Who sees what: channels by their publishable keys, locales and their fallback.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{assert_refused, found, listing, put};
use crate::admin::{make, text};

/// The text of a new publishable key of the channel.
pub(crate) async fn key(app: &TestApp, channel: &str) -> String {
    let body = json!({"name": "shop", "kind": "publishable", "channel_id": channel});
    let issued = app.post("/api/admin/api-keys").admin().json(&body).send().await.expect(201).json();
    let texts = issued.as_object().unwrap().values().filter_map(Value::as_str);
    texts.into_iter().find(|text| text.starts_with("pk_") && text.len() > 60).unwrap().to_owned()
}

#[tokio::test]
async fn a_publishable_key_shows_its_channel_and_no_key_the_default_one() {
    let app = TestApp::new().await;
    let body = json!({"name": "Dollars", "handle": "us", "currency": "USD", "default_locale": "en", "locales": ["en"]});
    let us = make(&app, "/api/admin/channels", &body).await;
    let prices = json!([{"amount": 1000, "currency": "EUR"}, {"amount": 1200, "currency": "USD"}]);
    put(&app, "Everywhere", 0, json!({"variants": [{"prices": prices}]})).await;
    put(&app, "Euro only", 500, json!({})).await;
    put(&app, "Hidden here", 0, json!({"variants": [{"prices": prices}], "channels": ["us"]})).await;
    app.project().await;
    assert_eq!(found(&app, "").await, ["euro-only", "everywhere"]);
    let key = key(&app, text(&us, "id")).await;
    let abroad = app.get("/api/products?sort=name").header("publishable-key", &key).send().await.expect(200);
    assert_eq!(super::texts(&abroad.json()["data"], "handle"), ["everywhere", "hidden-here"]);
    assert_eq!(abroad.json()["data"][0]["price"], json!({"amount": 1200, "currency": "USD"}));
    for (path, status) in [("everywhere", 200), ("hidden-here", 200), ("euro-only", 404)] {
        let path = format!("/api/products/{path}");
        let _ = app.get(&path).header("publishable-key", &key).send().await.expect(status);
    }
    assert_eq!(app.get("/api/products/hidden-here").send().await.expect(404).code(), "product_not_found");
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused_everywhere() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    app.project().await;
    let channel = app.channel_id.to_string();
    let taken_back = key(&app, &channel).await;
    let id = format!("key_{}", taken_back.split('_').nth(1).unwrap());
    let _ = app.get("/api/products").header("publishable-key", &taken_back).send().await.expect(200);
    let _ = app.post(&format!("/api/admin/api-keys/{id}/revoke")).admin().send().await.expect(200);
    // What is known of keys, and what was answered to them, holds for ten seconds.
    app.clock.advance(jiff::SignedDuration::from_secs(11));
    for path in [
        "/api/products",
        "/api/products/boot",
        "/api/products/boot/reviews",
        "/api/categories",
        "/api/categories/x",
    ] {
        for wrong in ["", "pk_", "pk_00000000000000000000000001_00", "sk_x", &app.admin_key, &taken_back] {
            let refused = app.get(path).header("publishable-key", wrong).send().await;
            assert_refused(&refused, 401, "invalid_publishable_key", "Publishable-Key", path);
        }
    }
}

#[tokio::test]
async fn texts_come_in_the_locale_that_is_asked_for_and_fall_back_one_by_one() {
    let app = TestApp::new().await;
    let german = json!({"title": "Stiefel"});
    let more = json!({"description": "<p>Warm</p>", "translations": {"de": german}});
    put(&app, "Boot", 100, more).await;
    put(&app, "Scarf", 100, json!({})).await;
    app.project().await;
    let titles = async |query: &str| {
        super::texts(&listing(&app, &format!("sort=name&{query}")).await["data"], "title")
    };
    assert_eq!(titles("").await, ["Boot", "Scarf"]);
    assert_eq!(titles("locale=en").await, ["Boot", "Scarf"]);
    assert_eq!(titles("locale=de").await, ["Scarf", "Stiefel"], "sorted as they are shown");
    assert_eq!(
        titles("locale=de-AT").await,
        ["Scarf", "Stiefel"],
        "the language, where the region is not spoken"
    );
    let page = app.get("/api/products/boot?locale=de").send().await.expect(200).json();
    assert_eq!((&page["title"], &page["description"]), (&json!("Stiefel"), &json!("<p>Warm</p>")));
    assert_eq!(found(&app, "locale=de&q=stiefel").await, ["boot"]);
    assert_eq!(found(&app, "locale=en&q=stiefel").await, Vec::<String>::new());
    for path in ["/api/products", "/api/products/boot", "/api/categories", "/api/products/boot/reviews"] {
        let refused = app.get(&format!("{path}?locale=fr")).send().await;
        assert_refused(&refused, 400, "unsupported_locale", "locale", path);
        assert_eq!(refused.json()["supported"], json!(["en", "de"]));
    }
}
