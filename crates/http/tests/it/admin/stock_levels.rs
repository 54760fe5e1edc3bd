//! Stock levels.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::products::{count, create, rows};

async fn stocked(app: &TestApp) -> Value {
    let body = json!({"title": "Boot", "sku": "S-1", "stock": 5, "price": {"amount": 1, "currency": "EUR"}});
    create(app, &body).await;
    create(app, &json!({"title": "Hat", "sku": "S-2", "price": {"amount": 1, "currency": "EUR"}})).await;
    let list = app.get("/api/admin/stock-levels?filter[sku]=S-1").admin().send().await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    list["data"][0].clone()
}

#[tokio::test]
async fn levels_are_counted_anew_and_adjusted() {
    let app = TestApp::new().await;
    let level = stocked(&app).await;
    assert_eq!(
        (&level["on_hand"], &level["available"], &level["version"]),
        (&json!(5), &json!(5), &json!(1))
    );
    let path = format!("/api/admin/stock-levels/{}", level["id"].as_str().unwrap());
    assert_eq!(app.get(&path).admin().send().await.expect(200).json(), level);
    let change = |version: i64, body: Value| {
        let request = app.patch(&path).admin().if_match(version).json(&body);
        async move { request.send().await }
    };
    let counted = change(1, json!({"on_hand": 12, "reason": "counted"})).await.expect(200);
    assert_eq!((counted.header("etag"), &counted.json()["on_hand"]), ("\"v2\"", &json!(12)));
    assert_eq!(change(2, json!({"adjust": -4})).await.expect(200).json()["on_hand"], 8);
    assert_eq!(change(3, json!({"on_hand": 8})).await.expect(200).json()["version"], 3, "nothing changed");
    let less = change(3, json!({"adjust": -9})).await.expect(409).json();
    assert_eq!((&less["code"], &less["on_hand"]), (&json!("insufficient_stock"), &json!(8)));
    assert_eq!(change(2, json!({"on_hand": 1})).await.expect(412).json()["current"], 3);
    let entries =
        rows(&app, "select after from audit_log where action = 'stock_level.update' order by id").await;
    assert_eq!(entries[0].get::<_, Value>(0), json!({"on_hand": 12, "reason": "counted"}));
    let events = rows(&app, "select count(*) from outbox where type = 'stock.updated'").await;
    assert_eq!(events[0].get::<_, i64>(0), 2);
    assert_eq!(
        app.get("/api/admin/products/boot").admin().send().await.json()["variants"][0]["stock"]["on_hand"],
        8
    );
}

#[tokio::test]
async fn levels_are_listed_by_variant_and_in_pages() {
    let app = TestApp::new().await;
    let level = stocked(&app).await;
    let of = |query: String| {
        let app = &app;
        async move { app.get(&format!("/api/admin/stock-levels{query}")).admin().send().await }
    };
    let by_variant =
        of(format!("?filter[variant_id]={}", level["variant_id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(by_variant["data"], json!([level]));
    let first = of("?limit=1&count=exact".to_owned()).await.expect(200).json();
    assert_eq!((&first["page"]["total"], &first["page"]["has_more"]), (&json!(2), &json!(true)));
    let second =
        of(format!("?limit=1&cursor={}", first["page"]["next"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&second["data"][0]["sku"], &second["page"]["next"]), (&json!("S-2"), &json!(null)));
    assert_eq!(
        of("?filter[variant_id]=var_x".to_owned()).await.expect(400).json()["param"],
        "filter[variant_id]"
    );
    assert_eq!(of("?filter[location]=x".to_owned()).await.expect(400).code(), "unknown_parameter");
}

#[tokio::test]
async fn what_is_no_change_of_stock_is_refused() {
    let app = TestApp::new().await;
    let level = stocked(&app).await;
    let path = format!("/api/admin/stock-levels/{}", level["id"].as_str().unwrap());
    let entries = count(&app, "audit_log").await;
    for (status, param, body) in [
        (422, "$.on_hand", json!({})),
        (422, "$.adjust", json!({"on_hand": 1, "adjust": 1})),
        (400, "$.on_hand", json!({"on_hand": 1.5})),
        (400, "$.allocated", json!({"allocated": 1})),
        (400, "$.version", json!({"version": 1})),
        (422, "$.on_hand", json!({"on_hand": -1})),
        (422, "$.on_hand", json!({"on_hand": 1_000_000_001})),
        (409, "$.adjust", json!({"adjust": i64::MAX})),
        (422, "$.reason", json!({"on_hand": 1, "reason": "x".repeat(256)})),
    ] {
        let response = app.patch(&path).admin().if_match(1).json(&body).send().await;
        assert_eq!(
            (response.status.as_u16(), response.json()["param"].as_str()),
            (status, Some(param)),
            "{body}"
        );
    }
    let _ = app.patch(&path).admin().json(&json!({"on_hand": 1})).send().await.expect(428);
    let missing = "/api/admin/stock-levels/slev_01000000000000000000000010";
    let _ = app.patch(missing).admin().if_match(1).json(&json!({"on_hand": 1})).send().await.expect(404);
    assert_eq!(app.get(&path).admin().send().await.json(), level);
    assert_eq!(count(&app, "audit_log").await, entries);
}
