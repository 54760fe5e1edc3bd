//! Attributes and metadata: what a change answers for, and how much there may be of them.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::super::{make, text};
use super::{boot, create, patch, read};

#[tokio::test]
async fn a_change_answers_for_the_attributes_that_it_sends() {
    let app = TestApp::new().await;
    let material =
        |values: &[&str]| json!([{"key": "material", "label": "Material", "kind": "enum", "values": values}]);
    let types = "/api/admin/product-types";
    let kind = make(&app, types, &json!({"name": "Scarf", "attributes": material(&["wool"])})).await;
    make(&app, types, &json!({"name": "Shawl", "attributes": material(&["silk"])})).await;
    let mut body = boot("Scarf");
    body["type"] = json!("scarf");
    body["attributes"] = json!({"material": "wool"});
    let product = create(&app, &body).await;
    let path = format!("{types}/{}", text(&kind, "id"));
    let mut changed = material(&["cotton"]);
    changed
        .as_array_mut()
        .unwrap()
        .push(json!({"key": "care", "label": "Care", "kind": "text", "required": true}));
    let change = app.patch(&path).admin().header("if-match", "*").json(&json!({"attributes": changed}));
    let _ = change.send().await.expect(200);

    let product = patch(&app, &product, &json!({"title": "Warm scarf"})).await.expect(200).json();
    let product = patch(&app, &product, &json!({"attributes": {"length": 180}})).await.expect(200).json();
    let publish = format!("/api/admin/products/{}/publish", text(&product, "id"));
    let _ = app.post(&publish).admin().header("if-match", "*").send().await.expect(200);
    let product = read(&app, &product).await;
    assert_eq!(product["attributes"], json!({"material": "wool", "length": 180}));
    for (body, code, param) in [
        (json!({"attributes": {"material": "wool"}}), "attribute_invalid", "$.attributes.material"),
        (json!({"attributes": {"care": null}}), "attribute_required", "$.attributes.care"),
        (json!({"attributes": null}), "attribute_required", "$.attributes.care"),
        (json!({"type": "shawl"}), "attribute_invalid", "$.attributes.material"),
    ] {
        let refused = patch(&app, &product, &body).await.expect(422).json();
        assert_eq!((&refused["code"], &refused["param"]), (&json!(code), &json!(param)), "{body}");
    }
}

#[tokio::test]
async fn attributes_and_metadata_are_bounded_in_bytes() {
    let app = TestApp::new().await;
    let large = json!({"text": "x".repeat(64 * 1024)});
    let price = json!({"amount": 100, "currency": "EUR"});
    let with = |field: &str| {
        let mut body = boot("Boot");
        body[field] = large.clone();
        body
    };
    let of_variant = json!({"title": "Boot", "variants": [{"price": price, "metadata": large}]});
    let product = create(&app, &boot("Kept")).await;
    for (body, param) in [
        (with("attributes"), "$.attributes"),
        (with("metadata"), "$.metadata"),
        (of_variant, "$.variants[0].metadata"),
    ] {
        let create = app.post("/api/admin/products").admin().json(&body);
        let refused = create.send().await.expect(422).json();
        assert_eq!((&refused["code"], &refused["param"]), (&json!("too_large"), &json!(param)));
    }
    let refused = patch(&app, &product, &json!({"attributes": large})).await.expect(422).json();
    assert_eq!(refused["param"], "$.attributes");
    let most = json!({"attributes": {"text": "x".repeat(64 * 1024 - 11)}});
    let _ = patch(&app, &product, &most).await.expect(200);
}
