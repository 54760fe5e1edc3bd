//! One variant or picture at a time.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{boot, create, patch, read};

#[tokio::test]
async fn a_variant_is_added_changed_and_removed() {
    let app = TestApp::new().await;
    let price = json!({"amount": 100, "currency": "EUR"});
    let body =
        json!({"title": "Boot", "variants": [{"sku": "A", "options": {"Color": "Red"}, "price": price}]});
    let product = create(&app, &body).await;
    let path = "/api/admin/products/boot/variants";
    let added = json!({"sku": "B", "options": {"Color": "Blue"}, "price": price, "stock": 3});
    let added = app.post(path).admin().if_match(1).json(&added).send().await.expect(201);
    assert_eq!(added.header("etag"), "\"v2\"");
    let location = added.header("location").to_owned();
    let variant = added.json();
    assert_eq!(
        location,
        format!(
            "/api/admin/products/{}/variants/{}",
            product["id"].as_str().unwrap(),
            variant["id"].as_str().unwrap()
        )
    );
    assert_eq!(variant["stock"]["on_hand"], 3);
    assert_eq!(read(&app, &product).await["options"][0]["values"], json!(["Red", "Blue"]));
    assert_eq!(app.get(&location).admin().send().await.expect(200).json(), variant);
    let dear = json!({"price": {"amount": 999, "currency": "USD"}});
    assert_eq!(
        app.patch(&location).admin().json(&dear).send().await.expect(428).code(),
        "precondition_required"
    );
    let changed = app.patch(&location).admin().if_match(2).json(&dear).send().await.expect(200).json();
    assert_eq!(changed["prices"].as_array().unwrap().len(), 2);
    let twice = json!({"options": {"Color": "Red"}});
    let problem = app.patch(&location).admin().if_match(3).json(&twice).send().await.expect(422).json();
    assert_eq!((&problem["code"], &problem["param"]), (&json!("duplicate_variant"), &json!("$.options")));
    let all = app.get(path).admin().send().await.expect(200).json();
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    let _ = app.delete(&location).admin().if_match(3).send().await.expect(204);
    let _ = app.get(&location).admin().send().await.expect(404);
    let last = format!("{path}/{}", product["variants"][0]["id"].as_str().unwrap());
    assert_eq!(app.delete(&last).admin().if_match(4).send().await.expect(409).code(), "last_variant");
}

#[tokio::test]
async fn what_is_wrong_with_a_single_variant_is_told_by_its_own_path() {
    let app = TestApp::new().await;
    let price = json!({"amount": 100, "currency": "EUR"});
    let body =
        json!({"title": "Boot", "variants": [{"sku": "A", "options": {"Color": "Blue"}, "price": price}]});
    let product = create(&app, &body).await;
    create(&app, &json!({"title": "Other", "sku": "B", "price": {"amount": 1, "currency": "EUR"}})).await;
    let path = "/api/admin/products/boot/variants";
    for (status, param, variant) in [
        (422, "$.price", json!({"options": {"Color": "Red"}})),
        (422, "$.options", json!({"options": {"Color": "Blue"}, "price": price})),
        (422, "$.price.amount", json!({"price": {"amount": -5, "currency": "EUR"}})),
        (422, "$.image", json!({"price": {"amount": 5, "currency": "EUR"}, "image": "nothing"})),
        (
            409,
            "$.sku",
            json!({"sku": "B", "price": {"amount": 5, "currency": "EUR"}, "options": {"Color": "Green"}}),
        ),
        (422, "$.metadata.", json!({"price": price, "options": {"Color": "Red"}, "metadata": {"": 1}})),
        (400, "$.id", json!({"id": product["variants"][0]["id"]})),
        (400, "$.product_id", json!({"product_id": "x"})),
    ] {
        let response = app.post(path).admin().if_match(1).json(&variant).send().await;
        let problem = response.json();
        let first = problem["errors"]
            .as_array()
            .and_then(|errors| errors.iter().find(|error| error["param"] == param));
        let found = first.map_or(problem["param"].as_str(), |error| error["param"].as_str());
        assert_eq!((response.status.as_u16(), found), (status, Some(param)), "{variant}: {problem}");
    }
    let foreign = format!("{path}/var_01000000000000000000000010");
    assert_eq!(app.delete(&foreign).admin().if_match(1).send().await.expect(404).code(), "variant_not_found");
    assert_eq!(read(&app, &product).await, product);
}

#[tokio::test]
async fn a_picture_is_added_moved_and_removed() {
    let app = TestApp::new().await;
    let mut body = boot("Boot");
    body["media"] =
        json!([{"source_url": "https://cdn.example/1.jpg"}, {"source_url": "https://cdn.example/2.jpg"}]);
    let product = create(&app, &body).await;
    let path = "/api/admin/products/boot/media";
    let added = json!({"source_url": "https://cdn.example/3.jpg", "alt": "Three", "position": 0});
    let added = app.post(path).admin().if_match(1).json(&added).send().await.expect(201);
    let location = added.header("location").to_owned();
    let media = added.json();
    assert_eq!(media["url"], "https://cdn.example/3.jpg");
    assert_eq!(read(&app, &product).await["media"][0]["id"], media["id"]);
    let moved = json!({"alt": "Third", "position": 2});
    let moved = app.patch(&location).admin().if_match(2).json(&moved).send().await.expect(200);
    assert_eq!((moved.header("etag"), &moved.json()["alt"]), ("\"v3\"", &json!("Third")));
    let now = read(&app, &product).await;
    assert_eq!(now["media"][2]["id"], media["id"]);
    let variants = json!({"variants": [{"id": now["variants"][0]["id"], "image": media["id"]}]});
    assert_eq!(patch(&app, &now, &variants).await.expect(200).json()["variants"][0]["image"], media["id"]);
    let _ = app.delete(&location).admin().if_match(4).send().await.expect(204);
    let last = read(&app, &product).await;
    assert_eq!((&last["variants"][0]["image"], last["media"].as_array().unwrap().len()), (&json!(null), 2));
    let _ = app.delete(&location).admin().if_match(5).send().await.expect(404);
}
