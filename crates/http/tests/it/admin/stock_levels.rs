//! Stock levels.

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::products::{count, create, patch, rows};

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

#[tokio::test]
async fn every_way_of_staff_to_change_stock_leaves_a_movement() {
    let app = TestApp::new().await;
    let level = stocked(&app).await;
    app.audit().await;
    let path = format!("/api/admin/stock-levels/{}", level["id"].as_str().unwrap());
    let counted = app.patch(&path).admin().if_match(1).json(&json!({"on_hand": 12, "reason": "counted"}));
    let _ = counted.send().await.expect(200);
    let boot = app.get("/api/admin/products/boot").admin().send().await.json();
    let _ = patch(&app, &boot, &json!({"stock": 7})).await.expect(200);
    let variant =
        format!("/api/admin/products/boot/variants/{}", boot["variants"][0]["id"].as_str().unwrap());
    let _ = app.patch(&variant).admin().if_match(2).json(&json!({"stock": 6})).send().await.expect(200);
    let lax = json!({"tracked": false, "backorder": true});
    let _ = app.patch(&variant).admin().if_match(3).json(&lax).send().await.expect(200);
    let operations = json!({"operations": [
        {"op": "create", "data": {"title": "Cap", "stock": 3, "price": {"amount": 1, "currency": "EUR"}}},
        {"op": "patch", "id": boot["id"], "version": 4, "data": {"stock": 5}},
    ]});
    let _ = app.post("/api/admin/products/batch").admin().json(&operations).send().await.expect(200);
    app.audit().await;
    let told = rows(
        &app,
        "select kind, cause_kind, note, d_on_hand from stock_movement
          where variant_id = (select id from variant where sku = 'S-1') order by id",
    )
    .await;
    let told: Vec<(&str, &str, Option<&str>, i64)> =
        told.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let adjusted = |by| ("adjusted", "staff", None, by);
    let counted = ("adjusted", "staff", Some("counted"), 7);
    let received = ("received", "staff", None, 5);
    assert_eq!(told, [received, counted, adjusted(-5), adjusted(-1), adjusted(-1)]);
}

#[tokio::test]
async fn stock_is_not_changed_behind_the_movements() {
    let app = TestApp::new().await;
    stocked(&app).await;
    let refused = |sql: &'static str| {
        let app = &app;
        async move {
            let (client, connection) =
                tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            let error = client.execute(sql, &[]).await.unwrap_err();
            error.as_db_error().unwrap().constraint().unwrap_or_default().to_owned()
        }
    };
    let bare = "update stock_level set on_hand = on_hand + 1 where on_hand > 0";
    // A change names the cause before it: the same kind of movement twice.
    assert_eq!(refused(bare).await, "stock_movement_cause_key");
    let oversold = "update stock_level set reserved = on_hand + 1, moved_id = gen_random_uuid()";
    assert_eq!(refused(oversold).await, "stock_level_not_oversold");
    for sql in ["update stock_movement set d_on_hand = 0", "delete from stock_movement"] {
        refused(sql).await;
    }
    app.audit().await;
}

#[tokio::test]
async fn stock_that_orders_hold_is_neither_counted_away_nor_made_scarce() {
    let app = TestApp::new().await;
    app.leave_broken("it reserves by hand, for no order");
    let level = stocked(&app).await;
    let promised =
        "update stock_level set reserved = 3, moved_kind = 'reserved', moved_id = gen_random_uuid()
                     where on_hand = 5";
    rows(&app, promised).await;
    let path = format!("/api/admin/stock-levels/{}", level["id"].as_str().unwrap());
    for body in [json!({"on_hand": 2}), json!({"adjust": -3})] {
        let problem = app.patch(&path).admin().if_match(1).json(&body).send().await.expect(409).json();
        assert_eq!((&problem["code"], &problem["reserved"]), (&json!("stock_promised"), &json!(3)), "{body}");
    }
    let boot = app.get("/api/admin/products/boot").admin().send().await.json();
    assert_eq!(patch(&app, &boot, &json!({"stock": 2})).await.expect(409).code(), "stock_promised");
    // Where orders may wait for more, fewer may lie there; then they no longer may be told to wait for nothing.
    let variant =
        format!("/api/admin/products/boot/variants/{}", boot["variants"][0]["id"].as_str().unwrap());
    let change = |version: i64, body: Value| app.patch(&variant).admin().if_match(version).json(&body).send();
    let _ = change(1, json!({"backorder": true, "stock": 2})).await.expect(200);
    assert_eq!(change(2, json!({"backorder": false})).await.expect(409).code(), "stock_promised");
}

async fn bulk(app: &TestApp, items: &Value) -> TestResponse {
    app.post("/api/admin/stock-levels/bulk").admin().json(&json!({"items": items})).send().await
}

#[tokio::test]
async fn levels_are_set_in_bulk_each_by_itself() {
    let app = TestApp::new().await;
    let level = stocked(&app).await;
    let annex =
        app.post("/api/admin/stock-locations").admin().json(&json!({"name": "Annex"})).send().await.json();
    let items = json!([
        {"sku": "S-1", "on_hand": 9, "reason": "counted"},
        {"variant_id": level["variant_id"], "location_id": annex["id"], "on_hand": 4},
        {"sku": "S-2", "adjust": 2, "version": 1},
        {"sku": "S-2", "location_id": annex["id"], "adjust": -1},
        {"sku": "S-1", "adjust": 1},
        {"sku": "S-9", "on_hand": 1},
        {"sku": "S-2", "location_id": "loc_01000000000000000000000010", "on_hand": 1},
        {"sku": "S-2", "location_id": annex["id"], "on_hand": 1, "version": 7},
        {"sku": "S-2", "location_id": annex["id"], "on_hand": 0},
    ]);
    let response = bulk(&app, &items).await.expect(200);
    let results = response.json()["results"].clone();
    let told: Vec<(u64, Option<&str>, Option<&str>)> = (results.as_array().unwrap().iter())
        .map(|item| {
            let problem = &item["problem"];
            (item["status"].as_u64().unwrap(), problem["code"].as_str(), problem["param"].as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            (200, None, None),
            (201, None, None),
            (200, None, None),
            (409, Some("insufficient_stock"), Some("$.items[3].adjust")),
            (422, Some("duplicate_item"), Some("$.items[4]")),
            (422, Some("unknown_variant"), Some("$.items[5].sku")),
            (422, Some("unknown_stock_location"), Some("$.items[6].location_id")),
            (412, Some("version_mismatch"), Some("If-Match")),
            (201, None, None),
        ]
    );
    assert_eq!((&results[0]["body"]["on_hand"], &results[0]["body"]["version"]), (&json!(9), &json!(2)));
    assert_eq!(results[7]["problem"]["current"], 0);
    let list = app.get("/api/admin/stock-levels?count=exact").admin().send().await.json();
    assert_eq!(list["page"]["total"], 4);
    app.audit().await;
    let one = bulk(&app, &json!([{"sku": "S-1", "on_hand": 1}])).await.expect(200);
    assert_eq!(one.statements, response.statements, "as many statements for one as for nine");
}

#[tokio::test]
async fn a_level_that_cannot_be_read_is_refused_and_the_others_are_set() {
    let app = TestApp::new().await;
    stocked(&app).await;
    let other = "var_01000000000000000000000010";
    let bad = [
        (422, "$.items[0].variant_id", json!({"on_hand": 1})),
        (422, "$.items[0].sku", json!({"sku": "S-2", "variant_id": other, "on_hand": 1})),
        (422, "$.items[0].on_hand", json!({"sku": "S-2"})),
        (422, "$.items[0].adjust", json!({"sku": "S-2", "on_hand": 1, "adjust": 1})),
        (400, "$.items[0].reserved", json!({"sku": "S-2", "reserved": 1})),
        (400, "$.items[0].variant_id", json!({"variant_id": "S-2", "on_hand": 1})),
        (400, "$.items[0]", json!(["S-2", 1])),
        (400, "$.items[0]", Value::Null),
    ];
    for (units, (status, param, bad)) in (20..).zip(bad) {
        // What can be read speaks of its place in the request, not among those that can.
        let good = json!([bad, {"sku": "S-1", "on_hand": units}, {"sku": "S-9", "on_hand": 1}, bad]);
        let results = bulk(&app, &good).await.expect(200).json()["results"].clone();
        let told: Vec<(u64, Option<&str>)> = (results.as_array().unwrap().iter())
            .map(|item| (item["status"].as_u64().unwrap(), item["problem"]["param"].as_str()))
            .collect();
        let last = param.replace("[0]", "[3]");
        let unknown = (422, Some("$.items[2].sku"));
        assert_eq!(told, [(status, Some(param)), (200, None), unknown, (status, Some(&*last))], "{bad}");
        let places: Vec<u64> =
            results.as_array().unwrap().iter().map(|item| item["index"].as_u64().unwrap()).collect();
        assert_eq!(places, [0, 1, 2, 3]);
        assert_eq!(results[1]["body"]["on_hand"], units);
    }
}

#[tokio::test]
async fn what_is_no_batch_of_levels_is_refused_whole() {
    let app = TestApp::new().await;
    stocked(&app).await;
    let one = json!({"sku": "S-1", "on_hand": 1});
    for (status, param, items) in [
        (422, "$.items", json!([])),
        (422, "$.items", Value::Array(vec![one.clone(); 51])),
        (400, "$.items", one.clone()),
        (400, "$.items", Value::Null),
    ] {
        let response = bulk(&app, &items).await;
        assert_eq!(
            (response.status.as_u16(), response.json()["param"].as_str()),
            (status, Some(param)),
            "{items}"
        );
    }
    assert_eq!(count(&app, "stock_movement").await, 1);
}

#[tokio::test]
async fn a_level_is_made_once() {
    let app = TestApp::new().await;
    let level = stocked(&app).await;
    let annex =
        app.post("/api/admin/stock-locations").admin().json(&json!({"name": "Annex"})).send().await.json();
    let body = json!({"sku": "S-1", "location_id": annex["id"], "on_hand": 3, "reason": "moved in"});
    let make = || app.post("/api/admin/stock-levels").admin().json(&body).send();
    let made = make().await.expect(201);
    assert_eq!((made.header("etag"), &made.json()["available"]), ("\"v1\"", &json!(3)));
    assert_eq!(app.get(made.header("location")).admin().send().await.expect(200).json(), made.json());
    let twice = make().await.expect(409).json();
    assert_eq!(
        (&twice["code"], &twice["stock_level_id"]),
        (&json!("stock_level_exists"), &made.json()["id"])
    );
    let other = json!({"variant_id": level["variant_id"], "adjust": 1});
    let _ = app.post("/api/admin/stock-levels").admin().json(&other).send().await.expect(409);
    assert_eq!(count(&app, "stock_movement").await, 2);
    app.audit().await;
}
