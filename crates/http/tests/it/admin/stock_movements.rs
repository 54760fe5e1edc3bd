//! Movements of stock.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::products::{create, rows};

const PATH: &str = "/api/admin/stock-movements";

async fn list(app: &TestApp, query: &str) -> Value {
    app.get(&format!("{PATH}{query}")).admin().send().await.expect(200).json()
}

#[tokio::test]
async fn movements_are_listed_by_what_moved_where_and_why_newest_first() {
    let app = TestApp::new().await;
    app.leave_broken("it reserves by hand, for no order");
    for (title, sku, stock) in [("Boot", "S-1", 5), ("Hat", "S-2", 3)] {
        let price = json!({"amount": 1, "currency": "EUR"});
        create(&app, &json!({"title": title, "sku": sku, "stock": stock, "price": price})).await;
    }
    let items =
        json!({"items": [{"sku": "S-1", "adjust": -2, "reason": "broken"}, {"sku": "S-2", "adjust": 1}]});
    let _ = app.post("/api/admin/stock-levels/bulk").admin().json(&items).send().await.expect(200);
    let sold = "update stock_level set reserved = 1, moved_kind = 'reserved', moved_by = 'order',
                       moved_id = '00000000-0000-0000-0000-000000000001'
                 where variant_id = (select id from variant where sku = 'S-1')";
    rows(&app, sold).await;
    let all = list(&app, "").await;
    let told = |page: &Value| -> Vec<(String, i64, i64)> {
        let told = |row: &Value| {
            let kind = format!("{} {}", row["sku"].as_str().unwrap(), row["kind"].as_str().unwrap());
            (kind, row["on_hand"].as_i64().unwrap(), row["reserved"].as_i64().unwrap())
        };
        page["data"].as_array().unwrap().iter().map(told).collect()
    };
    let boot = [
        ("S-1 reserved".to_owned(), 0, 1),
        ("S-1 adjusted".to_owned(), -2, 0),
        ("S-1 received".to_owned(), 5, 0),
    ];
    assert_eq!((all["data"].as_array().unwrap().len(), &told(&all)[0]), (5, &boot[0]));
    let order = "ord_00000000000000000000000001";
    assert_eq!(all["data"][0]["cause"], json!({"kind": "order", "id": order}));
    let first = &all["data"][0];
    for (filter, value) in [
        ("sku", "S-1"),
        ("variant_id", first["variant_id"].as_str().unwrap()),
        ("stock_level_id", first["stock_level_id"].as_str().unwrap()),
    ] {
        assert_eq!(told(&list(&app, &format!("?filter[{filter}]={value}")).await), boot, "{filter}");
    }
    let broken = &list(&app, "?filter[sku]=S-1").await["data"][1];
    assert_eq!(
        (&broken["note"], &broken["cause"]),
        (&json!("broken"), &json!({"kind": "staff", "id": null}))
    );
    assert_eq!(told(&list(&app, &format!("?filter[cause_id]={order}")).await), boot[..1]);
    let place = format!("?filter[location_id]={}", first["location_id"].as_str().unwrap());
    assert_eq!(list(&app, &place).await["data"].as_array().unwrap().len(), 5);
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = list(&app, &query).await;
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["page"]["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(json!(seen), all["data"], "pages join to the whole");
}

#[tokio::test]
async fn filters_that_cannot_be_are_refused() {
    let app = TestApp::new().await;
    for (param, query) in [
        ("filter[variant_id]", "?filter[variant_id]=x"),
        ("filter[cause_id]", "?filter[cause_id]=var_00000000000000000000000001"),
        ("cursor", "?cursor=x"),
        ("filter[kind]", "?filter[kind]=received"),
        ("count", "?count=exact"),
    ] {
        let problem = app.get(&format!("{PATH}{query}")).admin().send().await.expect(400).json();
        assert_eq!(problem["param"], param, "{query}");
    }
    assert_eq!(list(&app, "?filter[sku]=none").await["data"], json!([]));
}
