//! `/api/admin/brands`, and with it what all lists and idempotent writes share.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{check_kept, events, make, product, sql, sql_value, text};

#[tokio::test]
async fn a_brand_is_kept() {
    let app = TestApp::new().await;
    let body = json!({"name": "Nordvik", "handle": "nordvik"});
    check_kept(&app, "/api/admin/brands", &body, &json!({"name": "Nordvik Ltd", "handle": "nordvik-ltd"}))
        .await;
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["brand.created", "brand.updated", "brand.deleted"]);
}

#[tokio::test]
async fn a_brand_that_a_product_has_is_not_deleted() {
    let app = TestApp::new().await;
    let brand = make(&app, "/api/admin/brands", &json!({"name": "Nordvik"})).await;
    assert_eq!(brand["handle"], "nordvik");
    product(&app, "hat").await;
    sql(&app, "update product set brand_id = (select id from brand)").await;
    let path = format!("/api/admin/brands/{}", text(&brand, "id"));
    let refused = app.delete(&path).admin().send().await.expect(409);
    assert_eq!(refused.code(), "brand_in_use");
}

#[tokio::test]
async fn every_brand_is_on_one_page_of_the_list_and_counted_when_asked() {
    let app = TestApp::new().await;
    let mut made: Vec<Value> = Vec::new();
    for number in 0..5 {
        made.push(make(&app, "/api/admin/brands", &json!({"name": format!("Brand {number}")})).await);
    }
    made.reverse();
    let mut path = "/api/admin/brands?limit=2&count=exact".to_owned();
    let mut listed = Vec::new();
    loop {
        let page = app.get(&path).admin().send().await.expect(200);
        assert_eq!(page.statements, 3, "the key, the page and the count");
        let page = page.json();
        assert_eq!((&page["page"]["total"], &page["page"]["limit"]), (&json!(5), &json!(2)));
        listed.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = format!("/api/admin/brands?limit=2&count=exact&cursor={next}");
    }
    assert_eq!(listed, made);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let app = TestApp::new().await;
    for name in ["a", "b"] {
        make(&app, "/api/admin/brands", &json!({"name": name})).await;
    }
    let page = app.get("/api/admin/brands?limit=1").admin().send().await.expect(200).json();
    let cursor = text(&page["page"], "next").to_owned();
    for (path, param) in [
        (format!("/api/admin/categories?cursor={cursor}"), "cursor"),
        ("/api/admin/brands?cursor=".to_owned(), "cursor"),
        ("/api/admin/brands?count=all".to_owned(), "count"),
        ("/api/admin/brands?limit=0".to_owned(), "limit"),
    ] {
        let refused = app.get(&path).admin().send().await.expect(400);
        assert_eq!(refused.json()["param"], param, "{path}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_named() {
    let app = TestApp::new().await;
    for (body, status, code, param) in [
        (json!({}), 400, "missing_field", "$.name"),
        (json!({"name": 3}), 400, "invalid_type", "$.name"),
        (json!({"name": "x", "version": 2}), 400, "unknown_field", "$.version"),
        (json!({"name": "x", "handle": "Not A Handle"}), 400, "invalid_value", "$.handle"),
        (json!({"name": " "}), 422, "handle_required", "$.handle"),
        (json!({"name": " ", "handle": "x"}), 422, "required", "$.name"),
        (json!({"name": "x".repeat(256), "handle": "x"}), 422, "too_long", "$.name"),
        (json!({"name": "x", "handle": "brand_x"}), 422, "invalid_handle", "$.handle"),
    ] {
        let refused = app.post("/api/admin/brands").admin().json(&body).send().await.expect(status);
        assert_eq!(
            (refused.code().as_str(), refused.json()["param"].as_str()),
            (code, Some(param)),
            "{body}"
        );
    }
    assert_eq!(sql_value(&app, "select count(*) from brand").await, "0");
    let brand = make(&app, "/api/admin/brands", &json!({"name": "x"})).await;
    let path = format!("/api/admin/brands/{}", text(&brand, "id"));
    let null = app.patch(&path).admin().if_match(1).json(&json!({"name": null})).send().await.expect(400);
    assert_eq!(null.json()["param"], "$.name");
}

#[tokio::test]
async fn no_column_of_the_table_can_be_written_but_those_of_the_contract() {
    let app = TestApp::new().await;
    for field in
        ["id", "created_at", "updated_at", "role", "is_admin", "store_id", "customer_id", "status", "total"]
    {
        let mut body = json!({"name": "x"});
        body[field] = json!("x");
        let refused = app.post("/api/admin/brands").admin().json(&body).send().await.expect(400);
        assert_eq!(refused.code(), "unknown_field", "{field}");
    }
}

#[tokio::test]
async fn a_repeated_write_gets_the_same_answer_and_runs_once() {
    let app = TestApp::new().await;
    let send = |key: &'static str, body: Value| {
        let app = &app;
        async move {
            app.post("/api/admin/brands").admin().header("idempotency-key", key).json(&body).send().await
        }
    };
    let first = send("one", json!({"name": "Nordvik"})).await.expect(201);
    let second = send("one", json!({"name": "Nordvik"})).await.expect(201);
    assert_eq!((&first.bytes, first.header("location")), (&second.bytes, second.header("location")));
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), ("", "true"));
    assert_eq!(second.header("etag"), "\"v1\"");
    let other = send("one", json!({"name": "Other"})).await.expect(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    let taken = send("two", json!({"name": "Nordvik"})).await.expect(409);
    let again = send("two", json!({"name": "Nordvik"})).await.expect(409);
    assert_eq!((taken.code(), again.header("idempotent-replayed")), (again.code(), "true"));
    assert_eq!(sql_value(&app, "select count(*) from brand").await, "1");
}

#[tokio::test]
async fn one_of_several_versions_in_if_match_suffices() {
    let app = TestApp::new().await;
    let brand = make(&app, "/api/admin/brands", &json!({"name": "x"})).await;
    let path = format!("/api/admin/brands/{}", text(&brand, "id"));
    let send = |value: &'static str, name: &'static str| {
        app.patch(&path).admin().header("if-match", value).json(&json!({"name": name})).send()
    };
    for (value, status, code) in [
        ("\"v2\", \"v3\"", 412, "version_mismatch"),
        ("W/\"v1\", \"v2\"", 412, "version_mismatch"),
        ("\"v1\" \"v2\"", 400, "invalid_if_match"),
        ("\"v1\", *", 400, "invalid_if_match"),
        ("\"v1\", v2", 400, "invalid_if_match"),
    ] {
        assert_eq!(send(value, "y").await.expect(status).code(), code, "{value}");
    }
    assert_eq!(send("\"v9\", \"v1\"", "a").await.expect(200).header("etag"), "\"v2\"");
    assert_eq!(
        send("\"v2\",\"foreign, with a comma\" ,, W/\"v1\"", "b").await.expect(200).header("etag"),
        "\"v3\""
    );
    let hat = json!({"title": "Hat", "price": {"amount": 900, "currency": "EUR"}});
    let hat = make(&app, "/api/admin/products", &hat).await;
    let path = format!("/api/admin/products/{}", text(&hat, "id"));
    let stale = app.patch(&path).admin().header("if-match", "\"v7\", \"v8\"").json(&json!({"title": "Cap"}));
    assert_eq!(stale.send().await.expect(412).json()["current"], 1);
    let fresh = app.patch(&path).admin().header("if-match", "\"v7\", \"v1\"").json(&json!({"title": "Cap"}));
    assert_eq!(fresh.send().await.expect(200).header("etag"), "\"v2\"");
}

#[tokio::test]
async fn a_write_costs_the_same_number_of_statements_however_much_there_is() {
    let app = TestApp::new().await;
    let mut counts = Vec::new();
    for number in 0..3 {
        let body = json!({"name": format!("Brand {number}")});
        counts.push(app.post("/api/admin/brands").admin().json(&body).send().await.expect(201).statements);
    }
    // The key, the brand, the event, the wake-up, the audit entry.
    assert_eq!(counts, [5; 3]);
}

#[tokio::test]
async fn a_full_disk_is_told_as_one_and_asked_again_later() {
    let app = TestApp::new().await;
    sql(
        &app,
        "create function fill_up() returns trigger language plpgsql as $$ begin
             raise exception 'could not extend file \"base/5/16384\"' using errcode = '53100';
         end $$;
         create trigger fill_up before insert on brand for each row execute function fill_up()",
    )
    .await;
    let refused = app.post("/api/admin/brands").admin().json(&json!({"name": "x"})).send().await.expect(503);
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("storage_full", "60"));
    assert!(!String::from_utf8_lossy(&refused.bytes).contains("16384"), "the source stays with us");
}
