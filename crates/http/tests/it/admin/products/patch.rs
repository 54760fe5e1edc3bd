//! Changed products, published, archived, deleted.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{boot, count, create, patch, read, rows};

#[tokio::test]
async fn absent_null_and_a_value_differ() {
    let app = TestApp::new().await;
    let mut body = boot("Boot");
    body["brand"] = json!("Acme");
    body["seo"] = json!({"title": "T", "description": "D"});
    body["attributes"] = json!({"a": 1, "b": 2});
    let product = create(&app, &body).await;
    let change = json!({"brand": null, "seo": {"title": null}, "attributes": {"a": null, "c": 3}});
    let changed = patch(&app, &product, &change).await.expect(200);
    assert_eq!(changed.header("etag"), "\"v2\"");
    let changed = changed.json();
    assert_eq!(changed["brand"], Value::Null);
    assert_eq!(changed["seo"], json!({"title": null, "description": "D"}));
    assert_eq!(changed["attributes"], json!({"b": 2, "c": 3}));
    assert_eq!((&changed["title"], &changed["version"]), (&json!("Boot"), &json!(2)));
    assert_eq!(read(&app, &product).await, changed);
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_read() {
    let app = TestApp::new().await;
    let product = create(&app, &boot("Boot")).await;
    let path = format!("/api/admin/products/{}", product["id"].as_str().unwrap());
    let body = json!({"title": "New"});
    assert_eq!(app.patch(&path).admin().json(&body).send().await.expect(428).code(), "precondition_required");
    let stale = app.patch(&path).admin().if_match(7).json(&body).send().await.expect(412).json();
    assert_eq!((&stale["code"], &stale["current"]), (&json!("version_mismatch"), &json!(1)));
    let _ = app.patch(&path).admin().header("if-match", "*").json(&body).send().await.expect(200);
    let missing = "/api/admin/products/prod_01000000000000000000000010";
    assert_eq!(
        app.patch(missing).admin().if_match(1).json(&body).send().await.expect(404).code(),
        "product_not_found"
    );
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_stored_nowhere() {
    let app = TestApp::new().await;
    let mut body = boot("Boot");
    body["stock"] = json!(4);
    body["brand"] = json!("Acme");
    let product = create(&app, &body).await;
    let before = (count(&app, "outbox").await, count(&app, "audit_log").await);
    let same = patch(&app, &product, &body).await.expect(200).json();
    assert_eq!(same, product);
    assert_eq!((count(&app, "outbox").await, count(&app, "audit_log").await), before);
    let stocked = patch(&app, &product, &json!({"stock": 9})).await.expect(200).json();
    assert_eq!((&stocked["version"], &stocked["variants"][0]["stock"]["on_hand"]), (&json!(2), &json!(9)));
    let kinds = rows(&app, "select type from outbox order by id").await;
    let kinds: Vec<&str> = kinds.iter().map(|row| row.get(0)).collect();
    assert_eq!(kinds, ["product.created", "product.updated", "stock.updated"]);
}

#[tokio::test]
async fn the_audit_log_keeps_what_changed_and_no_more() {
    let app = TestApp::new().await;
    let product = create(&app, &boot("Boot")).await;
    let _ = patch(&app, &product, &json!({"title": "Shoe", "sku": "S"})).await.expect(200);
    let id = product["variants"][0]["id"].as_str().unwrap();
    let row = &rows(&app, "select action, before, after from audit_log order by at, id desc")
        .await
        .into_iter()
        .find(|row| row.get::<_, &str>(0) == "product.update")
        .unwrap();
    assert_eq!(row.get::<_, Value>(1), json!({"title": "Boot", "variants": {id: {"sku": null}}}));
    assert_eq!(row.get::<_, Value>(2), json!({"title": "Shoe", "variants": {id: {"sku": "S"}}}));
}

#[tokio::test]
async fn a_handle_cannot_be_cleared() {
    let app = TestApp::new().await;
    let made = create(&app, &boot("Boot")).await;
    let refused = patch(&app, &made, &json!({"handle": null, "title": "Shoe"})).await.expect(400);
    assert_eq!(
        (refused.code().as_str(), &refused.json()["param"]),
        ("invalid_type", &json!("$.handle")),
        "its address is no field that one can be without, and null never meant to rename it"
    );
    let operations = json!([{"op": "patch", "id": made["id"], "version": 1, "data": {"handle": null}}]);
    let batch = app.post("/api/admin/products/batch").admin().json(&json!({"operations": operations}));
    let results = batch.send().await.expect(200).json()["results"].clone();
    assert_eq!(
        (&results[0]["status"], &results[0]["problem"]["param"]),
        (&json!(400), &json!("$.operations[0].data.handle"))
    );
    assert_eq!(read(&app, &made).await, made);
    let mut body = boot("New");
    body["handle"] = Value::Null;
    assert_eq!(create(&app, &body).await["handle"], "new", "of what is new, it says nothing");
}

#[tokio::test]
async fn an_old_handle_is_remembered_also_when_another_product_takes_it() {
    let app = TestApp::new().await;
    let first = create(&app, &boot("Boot")).await;
    let renamed = patch(&app, &first, &json!({"handle": "shoe"})).await.expect(200).json();
    let history = "select handle from handle_history";
    assert_eq!(rows(&app, history).await[0].get::<_, &str>(0), "boot");
    let _ = app.get("/api/admin/products/boot").admin().send().await.expect(404);
    create(&app, &boot("Boot")).await;
    assert_eq!(rows(&app, history).await.len(), 1, "it leads on again when that one leaves it");
    let back = patch(&app, &renamed, &json!({"handle": "boot-2"})).await.expect(200).json();
    assert_eq!(back["handle"], "boot-2");
}

#[tokio::test]
async fn a_list_of_variants_replaces_them_by_id_sku_or_options() {
    let app = TestApp::new().await;
    let price = json!({"amount": 100, "currency": "EUR"});
    let variant =
        |sku: &str, color: &str| json!({"sku": sku, "options": {"Color": color}, "price": price, "stock": 2});
    let body = json!({"title": "Boot", "variants": [variant("A", "Red"), variant("B", "Blue"), variant("C", "Green")]});
    let product = create(&app, &body).await;
    assert_eq!(product["options"], json!([{"name": "Color", "values": ["Red", "Blue", "Green"]}]));
    let ids: Vec<&str> = (0..3).map(|index| product["variants"][index]["id"].as_str().unwrap()).collect();
    // The SKUs of the first two change places, the third goes, a fourth comes.
    let change = json!({"variants": [
        {"id": ids[1], "sku": "A", "metadata": {"x": 1}},
        {"options": {"Color": "Red"}, "sku": "B2"},
        {"sku": "D", "options": {"Color": "Black"}, "price": price},
    ]});
    let changed = patch(&app, &product, &change).await.expect(200).json();
    let seen: Vec<_> = (0..3)
        .map(|index| {
            (
                changed["variants"][index]["sku"].as_str().unwrap(),
                changed["variants"][index]["title"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("A", "Blue"), ("B2", "Red"), ("D", "Black")]);
    assert_eq!(changed["variants"][0]["id"], ids[1]);
    assert_eq!(changed["variants"][1]["id"], ids[0]);
    assert_eq!(changed["variants"][0]["prices"], product["variants"][1]["prices"], "what is not said stays");
    assert_eq!(changed["variants"][0]["stock"]["on_hand"], 2);
    assert_eq!(count(&app, "variant").await, 3);
    assert_eq!(changed["options"][0]["values"], json!(["Red", "Blue", "Green", "Black"]));
}

#[tokio::test]
async fn variants_may_exchange_their_skus() {
    let app = TestApp::new().await;
    let price = json!({"amount": 100, "currency": "EUR"});
    let body = json!({"title": "Boot", "variants": [
        {"sku": "A", "options": {"Color": "Red"}, "price": price}, {"sku": "B", "options": {"Color": "Blue"}, "price": price}]});
    let product = create(&app, &body).await;
    let change = json!({"variants": [
        {"id": product["variants"][0]["id"], "sku": "B"}, {"id": product["variants"][1]["id"], "sku": "A"}]});
    let changed = patch(&app, &product, &change).await.expect(200).json();
    assert_eq!((&changed["variants"][0]["sku"], &changed["variants"][1]["sku"]), (&json!("B"), &json!("A")));
}

#[tokio::test]
async fn renamed_options_and_values_take_the_variants_along_and_used_values_stay() {
    let app = TestApp::new().await;
    let price = json!({"amount": 100, "currency": "EUR"});
    let body = json!({"title": "Boot", "variants": [
        {"options": {"Color": "Red"}, "price": price}, {"options": {"Color": "Blue"}, "price": price}]});
    let product = create(&app, &body).await;
    let removed = json!({"options": [{"name": "Color", "values": ["Red"]}]});
    let problem = patch(&app, &product, &removed).await.expect(422).json();
    assert_eq!(
        (&problem["code"], &problem["param"]),
        (&json!("unknown_value"), &json!("$.variants[1].options.Color"))
    );
    let renamed = json!({"options": [
        {"name": "Colour", "renamed_from": "Color", "values": ["Crimson", "Blue"], "renamed_values": {"Red": "Crimson"}},
        {"name": "Material", "values": ["Wool"]}]});
    let changed = patch(&app, &product, &renamed).await.expect(200).json();
    assert_eq!(changed["variants"][0]["options"], json!({"Colour": "Crimson", "Material": "Wool"}));
    assert_eq!(changed["variants"][1]["title"], "Blue / Wool");
    let unknown = json!({"options": [{"name": "X", "renamed_from": "Y", "values": ["1"]}]});
    assert_eq!(
        patch(&app, &changed, &unknown).await.expect(422).json()["param"],
        "$.options[0].renamed_from"
    );
}

#[tokio::test]
async fn a_product_goes_to_the_shelf_and_off_it() {
    let app = TestApp::new().await;
    let product = create(&app, &boot("Boot")).await;
    let path = |verb: &str| format!("/api/admin/products/boot/{verb}");
    let published = app.post(&path("publish")).admin().if_match(1).send().await.expect(200).json();
    assert_eq!((&published["status"], &published["version"]), (&json!("published"), &json!(2)));
    let again =
        app.post(&path("publish")).admin().if_match(2).json(&json!({})).send().await.expect(200).json();
    assert_eq!(again, published);
    let _ = app.post(&path("archive")).admin().if_match(1).send().await.expect(412);
    let _ = app.post(&path("archive")).admin().if_match(2).send().await.expect(200);
    let draft = app.post(&path("unpublish")).admin().if_match(3).send().await.expect(200).json();
    assert_eq!((&draft["status"], &draft["version"]), (&json!("draft"), &json!(4)));
    assert_eq!(draft["published_at"], published["published_at"]);
    let planned = json!({"publish_at": "2026-12-24T18:00:00+01:00"});
    let planned =
        app.post(&path("publish")).admin().if_match(4).json(&planned).send().await.expect(200).json();
    assert_eq!(
        (&planned["status"], &planned["publish_at"]),
        (&json!("draft"), &json!("2026-12-24T17:00:00Z"))
    );
    let kinds = rows(&app, "select type from outbox order by id").await;
    let kinds: Vec<&str> = kinds.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        kinds,
        ["product.created", "product.published", "product.archived", "product.updated", "product.updated"]
    );
    assert_eq!(product["id"], planned["id"]);
}

#[tokio::test]
async fn only_what_is_not_on_the_shelf_is_deleted() {
    let app = TestApp::new().await;
    let mut body = boot("Boot");
    body["status"] = json!("published");
    create(&app, &body).await;
    let path = "/api/admin/products/boot";
    assert_eq!(app.delete(path).admin().send().await.expect(428).code(), "precondition_required");
    assert_eq!(app.delete(path).admin().if_match(1).send().await.expect(409).code(), "product_published");
    let _ =
        app.post("/api/admin/products/boot/archive").admin().header("if-match", "*").send().await.expect(200);
    assert!(app.delete(path).admin().if_match(2).send().await.expect(204).bytes.is_empty());
    let _ = app.get(path).admin().send().await.expect(404);
    for table in ["product", "variant", "price", "stock_level", "handle_history"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
    let last = &rows(&app, "select type from outbox order by id desc limit 1").await[0];
    assert_eq!(last.get::<_, &str>(0), "product.deleted");
}

#[tokio::test]
async fn a_variant_that_is_promised_to_somebody_stays() {
    let app = TestApp::new().await;
    app.leave_broken("it reserves by hand, for no order");
    let mut body = boot("Boot");
    body["stock"] = json!(5);
    let product = create(&app, &body).await;
    rows(&app, "update stock_level set reserved = 2, moved_kind = 'reserved', moved_id = gen_random_uuid()")
        .await;
    let change = json!({"variants": [{"sku": "N", "options": {"Size": "1"}, "price": {"amount": 1, "currency": "EUR"}},
                                     {"sku": "M", "options": {"Size": "2"}, "price": {"amount": 1, "currency": "EUR"}}]});
    let problem = patch(&app, &product, &change).await.expect(409).json();
    assert_eq!((&problem["code"], &problem["reserved"]), (&json!("variant_in_use"), &json!(2)));
    let gone = app.delete("/api/admin/products/boot").admin().if_match(1).send().await.expect(409);
    assert_eq!(gone.code(), "product_in_use");
    assert_eq!(read(&app, &product).await["variants"][0]["stock"]["available"], 3);
}
