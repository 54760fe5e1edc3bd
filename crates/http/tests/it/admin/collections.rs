//! `/api/admin/collections`.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{check_kept, events, latest_audit, make, product, sql, text};

const PATH: &str = "/api/admin/collections";

fn rule(field: &str) -> Value {
    json!({"match": "all", "conditions": [{"field": field, "operator": "eq", "value": "sale"}]})
}

async fn picked(app: &TestApp, path: &str) -> Vec<String> {
    let mut path_of_page = format!("{path}?limit=2");
    let mut ids = Vec::new();
    loop {
        let page = app.get(&path_of_page).admin().send().await.expect(200);
        assert_eq!(page.statements, 3, "the key, the collection and the page");
        let page = page.json();
        ids.extend(page["data"].as_array().unwrap().iter().map(|item| text(item, "id").to_owned()));
        let Some(next) = page["page"]["next"].as_str() else { return ids };
        path_of_page = format!("{path}?limit=2&cursor={next}");
    }
}

#[tokio::test]
async fn a_collection_is_kept() {
    let app = TestApp::new().await;
    let body = json!({"title": "Sale", "handle": "sale", "kind": "rule", "rule": rule("tag")});
    check_kept(&app, PATH, &body, &json!({"title": "Big sale", "handle": "big-sale", "rule": rule("brand")}))
        .await;
    let body = json!({"title": "Picks", "handle": "picks", "kind": "manual"});
    check_kept(&app, PATH, &body, &json!({"description": "<p>Ours</p>"})).await;
}

#[tokio::test]
async fn only_a_collection_by_rule_has_one_and_it_is_sound() {
    let app = TestApp::new().await;
    for (kind, rule, code, param) in [
        ("rule", Value::Null, "rule_required", "$.rule"),
        ("manual", rule("tag"), "rule_not_allowed", "$.rule"),
        ("rule", rule("colour"), "invalid_rule", "$.rule.conditions[0]"),
        ("rule", json!({"match": "all", "conditions": []}), "invalid_rule", "$.rule.conditions"),
    ] {
        let body = json!({"title": "x", "kind": kind, "rule": rule});
        let refused = app.post(PATH).admin().json(&body).send().await.expect(422);
        assert_eq!((refused.code().as_str(), &refused.json()["param"]), (code, &json!(param)), "{body}");
    }
    let manual = make(&app, PATH, &json!({"title": "x", "kind": "manual"})).await;
    let path = format!("{PATH}/{}", text(&manual, "id"));
    let patch = |body: Value| app.patch(&path).admin().if_match(1).json(&body).send();
    assert_eq!(patch(json!({"rule": rule("tag")})).await.expect(422).code(), "rule_not_allowed");
    assert_eq!(patch(json!({"kind": "rule"})).await.expect(400).code(), "unknown_field");
}

#[tokio::test]
async fn products_are_picked_in_their_order_and_the_event_names_all_that_are_reached() {
    let app = TestApp::new().await;
    let mut ids = Vec::new();
    for handle in ["a", "b", "c", "d"] {
        ids.push(product(&app, handle).await);
    }
    let collection = make(&app, PATH, &json!({"title": "Picks", "kind": "manual"})).await;
    let path = format!("{PATH}/{}/products", text(&collection, "id"));
    let put = |version, ids: Vec<&String>| {
        app.request(http::Method::PUT, &path)
            .admin()
            .if_match(version)
            .json(&json!({"product_ids": ids}))
            .send()
    };
    let replaced = put(1, vec![&ids[2], &ids[0], &ids[1]]).await.expect(200);
    assert_eq!((replaced.header("etag"), replaced.statements), ("\"v2\"", 10));
    assert_eq!(picked(&app, &path).await, [ids[2].clone(), ids[0].clone(), ids[1].clone()]);

    let add = |id: &str| app.post(&path).admin().json(&json!({"product_id": id})).send();
    let _ = add(&ids[3]).await.expect(200);
    assert_eq!(add(&ids[3]).await.expect(409).code(), "product_in_collection");
    let _ = app.delete(&format!("{path}/a")).admin().send().await.expect(200);
    let missing = app.delete(&format!("{path}/{}", ids[0])).admin().send().await.expect(404);
    assert_eq!(missing.code(), "collection_product_not_found");
    assert_eq!(picked(&app, &path).await, [ids[2].clone(), ids[1].clone(), ids[3].clone()]);

    let by_handle = format!("{PATH}/{}/products", text(&collection, "handle"));
    assert_eq!(picked(&app, &by_handle).await, [ids[2].clone(), ids[1].clone(), ids[3].clone()]);
    let body = json!({"product_ids": []});
    let put_by_handle =
        app.request(http::Method::PUT, &by_handle).admin().if_match(1).json(&body).send().await;
    assert_eq!(put_by_handle.expect(412).json()["current"], 4);
    let again = app.post(&by_handle).admin().json(&json!({"product_id": ids[3]})).send().await.expect(409);
    assert_eq!(again.code(), "product_in_collection");
    let missing = app.delete(&format!("{by_handle}/a")).admin().send().await.expect(404);
    assert_eq!(missing.code(), "collection_product_not_found");

    assert_eq!(put(1, vec![]).await.expect(412).json()["current"], 4);
    let _ = put(4, vec![&ids[0]]).await.expect(200);
    let (kind, payload) = events(&app).await.pop().unwrap();
    assert_eq!(kind, "collection.updated");
    assert_eq!(payload, json!({"product_ids": ids}), "before and after");
    let audit = latest_audit(&app, text(&collection, "id")).await;
    assert_eq!(
        (text(&audit, "action"), &audit["after"]),
        ("collection.pick", &json!({"product_ids": [ids[0]]}))
    );
    let _ = app.delete(&format!("{PATH}/{}", text(&collection, "id"))).admin().send().await.expect(204);
    assert_eq!(
        events(&app).await.pop().unwrap(),
        ("collection.deleted".to_owned(), json!({"product_ids": [ids[0]]}))
    );
}

#[tokio::test]
async fn a_list_with_an_unknown_or_repeated_product_is_refused_whole() {
    let app = TestApp::new().await;
    let id = product(&app, "a").await;
    let nobody = "prod_00000000000000000000000001";
    let collection = make(&app, PATH, &json!({"title": "Picks", "kind": "manual"})).await;
    let path = format!("{PATH}/{}/products", text(&collection, "id"));
    let put = |ids: Value| {
        app.request(http::Method::PUT, &path).admin().if_match(1).json(&json!({"product_ids": ids})).send()
    };
    let refused = put(json!([id, nobody, id])).await.expect(422).json();
    let found: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (text(error, "param"), text(error, "code")))
        .collect();
    assert_eq!(found, [("$.product_ids[1]", "product_not_found"), ("$.product_ids[2]", "duplicate_product")]);
    assert_eq!(put(json!(["x"])).await.expect(400).json()["param"], "$.product_ids[0]");
    let add = app.post(&path).admin().json(&json!({"product_id": nobody})).send().await.expect(422);
    assert_eq!(add.code(), "product_not_found");
    assert!(picked(&app, &path).await.is_empty());
}

#[tokio::test]
async fn a_collection_by_rule_shows_what_shoppers_see_and_is_not_picked_by_hand() {
    let app = TestApp::new().await;
    let id = product(&app, "a").await;
    product(&app, "b").await;
    let collection = make(&app, PATH, &json!({"title": "Sale", "kind": "rule", "rule": rule("tag")})).await;
    let path = format!("{PATH}/{}/products", text(&collection, "id"));
    for locale in ["en", "de"] {
        let text = format!(
            "insert into product_view
             select ch.id, '{locale}', p.id, p.handle, '', 0, 0, now(), 0, true, 0, '', '', '{{}}', array[c.id], '{{}}', '{{}}',
                    '[]', '', '', '', 1, now()
               from product p, channel ch, collection c
              where p.handle = 'a'"
        );
        sql(&app, &text).await;
    }
    assert_eq!(picked(&app, &path).await, std::slice::from_ref(&id));
    let counted = app.get(&format!("{path}?count=exact")).admin().send().await.expect(200).json();
    assert_eq!(counted["page"]["total"], 1);
    let add = app.post(&path).admin().json(&json!({"product_id": id})).send().await.expect(409);
    assert_eq!(add.code(), "collection_by_rule");
}
