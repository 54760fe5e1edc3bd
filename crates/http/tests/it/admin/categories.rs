//! `/api/admin/categories`.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{check_kept, events, make, product, sql, sql_value, text};

const PATH: &str = "/api/admin/categories";

async fn category(app: &TestApp, name: &str, parent: Option<&Value>) -> Value {
    let parent = parent.map(|parent| text(parent, "id"));
    make(app, PATH, &json!({"name": name, "parent_id": parent})).await
}

async fn move_to(app: &TestApp, category: &Value, parent: &Value) -> tradepost_testkit::TestResponse {
    let path = format!("{PATH}/{}", text(category, "id"));
    app.patch(&path).admin().header("if-match", "*").json(&json!({"parent_id": parent})).send().await
}

#[tokio::test]
async fn a_category_is_kept() {
    let app = TestApp::new().await;
    let body = json!({"name": "Hats", "handle": "hats", "position": 3, "description": "<p>Warm</p>"});
    let patch = json!({"name": "Caps", "handle": "caps", "position": 1, "description": "<b>x</b>"});
    check_kept(&app, PATH, &body, &patch).await;
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["category.created", "category.updated", "category.deleted"]);
    assert_eq!(sql_value(&app, "select count(*) from handle_history").await, "0", "gone with the category");
}

#[tokio::test]
async fn html_is_cleaned_in_every_language() {
    let app = TestApp::new().await;
    let evil = "<p onclick=\"x()\">Warm<script>alert(1)</script></p>";
    let body = json!({"name": "Hats", "description": evil, "translations": {"de": {"name": "Hüte", "description": evil}}});
    let made = make(&app, PATH, &body).await;
    assert_eq!(made["description"], "<p>Warm</p>");
    assert_eq!(made["translations"], json!({"de": {"name": "Hüte", "description": "<p>Warm</p>"}}));
}

#[tokio::test]
async fn translations_are_set_and_taken_out_by_locale() {
    let app = TestApp::new().await;
    let body = json!({"name": "Hats", "translations": {"de": {"name": "Hüte"}, "fr": {"name": "Chapeaux"}}});
    let made = make(&app, PATH, &body).await;
    let path = format!("{PATH}/{}", text(&made, "id"));
    let patch = |version, translations: Value| {
        app.patch(&path).admin().if_match(version).json(&json!({"translations": translations})).send()
    };
    let changed = patch(1, json!({"de": null, "es-419": {"name": "Sombreros"}})).await.expect(200).json();
    assert_eq!(changed["translations"], json!({"es-419": {"name": "Sombreros"}, "fr": {"name": "Chapeaux"}}));
    assert_eq!(patch(2, Value::Null).await.expect(200).json()["translations"], json!({}));
    let refused = patch(3, json!({"german": {"name": "x"}})).await.expect(400);
    assert!(text(&refused.json(), "param").starts_with("$.translations"), "{}", refused.json());
}

#[tokio::test]
async fn a_category_hangs_only_where_the_tree_allows_it() {
    let app = TestApp::new().await;
    let root = category(&app, "c0", None).await;
    let mut chain = vec![root];
    for level in 1..10 {
        let next = category(&app, &format!("c{level}"), chain.last()).await;
        chain.push(next);
    }
    let deep = json!({"name": "deep", "parent_id": chain[9]["id"]});
    let refused = app.post(PATH).admin().json(&deep).send().await.expect(422);
    assert_eq!(
        (refused.code().as_str(), &refused.json()["param"]),
        ("category_too_deep", &json!("$.parent_id"))
    );
    assert_eq!(move_to(&app, &chain[0], &chain[5]["id"]).await.expect(422).code(), "category_cycle");
    assert_eq!(move_to(&app, &chain[0], &chain[0]["id"]).await.expect(422).code(), "category_cycle");
    let nowhere = json!("cat_00000000000000000000000001");
    assert_eq!(move_to(&app, &chain[1], &nowhere).await.expect(422).code(), "parent_not_found");
    let moved = move_to(&app, &chain[5], &Value::Null).await.expect(200).json();
    assert_eq!((&moved["parent_id"], &moved["version"]), (&Value::Null, &json!(2)));
    let _ = move_to(&app, &chain[0], &chain[9]["id"]).await.expect(200);
}

#[tokio::test]
async fn two_moves_at_once_make_no_circle() {
    let app = TestApp::new().await;
    for round in 0..10 {
        let left = category(&app, &format!("left {round}"), None).await;
        let right = category(&app, &format!("right {round}"), None).await;
        let (one, two) = tokio::join!(move_to(&app, &left, &right["id"]), move_to(&app, &right, &left["id"]));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
}

#[tokio::test]
async fn a_former_handle_is_remembered_until_somebody_takes_it() {
    let app = TestApp::new().await;
    let made = category(&app, "Hats", None).await;
    let path = format!("{PATH}/{}", text(&made, "id"));
    let rename = |version, handle: &'static str| {
        app.patch(&path).admin().if_match(version).json(&json!({"handle": handle})).send()
    };
    let history =
        "select string_agg(handle, ',' order by handle) from handle_history where kind = 'category'";
    let _ = rename(1, "caps").await.expect(200);
    assert_eq!(sql_value(&app, history).await, "hats");
    let _ = rename(2, "hats").await.expect(200);
    assert_eq!(sql_value(&app, history).await, "caps");
}

#[tokio::test]
async fn a_category_with_children_or_products_is_not_deleted() {
    let app = TestApp::new().await;
    let parent = category(&app, "Clothes", None).await;
    let child = category(&app, "Hats", Some(&parent)).await;
    let delete = |category: &Value| {
        let path = format!("{PATH}/{}", text(category, "id"));
        let app = &app;
        async move { app.delete(&path).admin().send().await }
    };
    assert_eq!(delete(&parent).await.expect(409).code(), "category_has_children");
    product(&app, "hat").await;
    sql(&app, "insert into product_category select p.id, c.id, 0 from product p, category c where c.handle = 'hats'")
        .await;
    assert_eq!(delete(&child).await.expect(409).code(), "category_has_products");
    sql(&app, "delete from product_category").await;
    sql(&app, "update product set category_id = (select id from category where handle = 'hats')").await;
    assert_eq!(delete(&child).await.expect(409).code(), "category_has_products");
    sql(&app, "update product set category_id = null").await;
    let _ = delete(&child).await.expect(204);
    let _ = delete(&parent).await.expect(204);
}

#[tokio::test]
async fn a_move_costs_the_same_number_of_statements_in_a_large_tree() {
    let app = TestApp::new().await;
    let (left, right) = (category(&app, "left", None).await, category(&app, "right", None).await);
    let small = move_to(&app, &left, &right["id"]).await.expect(200).statements;
    let text = "insert into category (id, handle, name, created_at, updated_at)
                select gen_random_uuid(), 'many-' || n, 'many', now(), now() from generate_series(1, 300) n";
    sql(&app, text).await;
    let _ = move_to(&app, &left, &Value::Null).await.expect(200);
    let large = move_to(&app, &left, &right["id"]).await.expect(200).statements;
    assert_eq!((small, large), (8, 8));
}

#[tokio::test]
async fn those_below_one_are_put_in_order() {
    let app = TestApp::new().await;
    let hats = category(&app, "Hats", None).await;
    let (caps, berets) =
        (category(&app, "Caps", Some(&hats)).await, category(&app, "Berets", Some(&hats)).await);
    let toques = category(&app, "Toques", Some(&hats)).await;
    let other = category(&app, "Shoes", None).await;
    let order = |body: Value| app.post("/api/admin/categories/reorder").admin().json(&body).send();
    let done =
        order(json!({"parent_id": hats["id"], "category_ids": [toques["id"], caps["id"]]})).await.expect(200);
    let statements = done.statements;
    let done = done.json();
    let places = |done: &Value| -> Vec<(String, i64, i64)> {
        let item = |one: &Value| {
            (
                text(one, "name").to_owned(),
                one["position"].as_i64().unwrap(),
                one["version"].as_i64().unwrap(),
            )
        };
        done["data"].as_array().unwrap().iter().map(item).collect()
    };
    let named = |name: &str, place, version| (name.to_owned(), place, version);
    assert_eq!(places(&done), [named("Toques", 0, 1), named("Caps", 1, 2), named("Berets", 2, 2)]);
    let shown = app.get(&format!("{PATH}/{}", text(&berets, "id"))).admin().send().await.expect(200).json();
    assert_eq!((&shown["position"], &shown["version"]), (&json!(2), &json!(2)));
    let again = order(json!({"parent_id": hats["id"], "category_ids": [caps["id"]]})).await.expect(200);
    assert_eq!(again.statements, statements, "as many for one as for two");
    assert_eq!(places(&again.json()), [named("Caps", 0, 3), named("Toques", 1, 2), named("Berets", 2, 2)]);
    let root = order(json!({"category_ids": [other["id"], hats["id"]]})).await.expect(200).json();
    assert_eq!(places(&root), [named("Shoes", 0, 1), named("Hats", 1, 2)]);
    let count = "select count(*) from outbox where type = 'category.updated'";
    assert_eq!(sql_value(&app, count).await, "5");
    for (status, param, body) in [
        (
            422,
            "$.category_ids[1]",
            json!({"parent_id": hats["id"], "category_ids": [caps["id"], other["id"]]}),
        ),
        (
            422,
            "$.category_ids[1]",
            json!({"parent_id": hats["id"], "category_ids": [caps["id"], caps["id"]]}),
        ),
        (422, "$.category_ids", json!({"category_ids": vec![&hats["id"]; 1001]})),
        (400, "$.category_ids", json!({"parent_id": hats["id"]})),
        (400, "$.category_ids[0]", json!({"category_ids": ["hats"]})),
        (400, "$.parent_id", json!({"parent_id": "hats", "category_ids": []})),
    ] {
        let refused = order(body.clone()).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["param"]), (status, &json!(param)), "{body}");
    }
    assert_eq!(sql_value(&app, count).await, "5");
}
