//! Weights of ranking, and rules for groups of customers.

use axum::http::Method;
use serde_json::{Value, json};
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_testkit::{TestApp, TestCustomer, TestResponse};

use super::steering::{RULES, rule, shop};
use super::{handles, listing, put, texts};
use crate::admin::make;

const WEIGHTS: &str = "/api/admin/search/weights";
const PREVIEW: &str = "/api/admin/search/preview";

async fn put_weights(app: &TestApp, version: i64, body: &Value) -> TestResponse {
    app.request(Method::PUT, WEIGHTS).admin().if_match(version).json(body).send().await
}

/// One product that has the word in its title and one that many buy and that has it in its description.
async fn titled_and_described() -> TestApp {
    let app = TestApp::new().await;
    put(&app, "Oak table", 1000, json!({})).await;
    put(&app, "Bench", 1000, json!({"description": "Goes with oak.", "popularity": 100})).await;
    app.project().await;
    app
}

#[tokio::test]
async fn weights_are_put_and_hold_at_once_in_their_channel() {
    let app = titled_and_described().await;
    app.index().await;
    let usual = app.get(WEIGHTS).admin().send().await.expect(200);
    assert_eq!(usual.header("etag"), "\"v1\"");
    assert_eq!(usual.json()["weights"]["popularity"], 0.2);
    assert_eq!(handles(&app, "q=oak").await, ["bench", "oak-table"]);
    let few = json!({"description": 0.1, "popularity": 0});
    let tried =
        app.post(PREVIEW).admin().json(&json!({"parameters": {"q": "oak"}, "weights": few})).send().await;
    let tried = tried.expect(200).json();
    assert_eq!(texts(&tried["products"], "handle"), ["oak-table", "bench"]);
    assert_eq!(handles(&app, "q=oak").await, ["bench", "oak-table"], "nothing is stored");
    let body = json!({"weights": few});
    app.request(Method::PUT, WEIGHTS).admin().json(&body).send().await.expect(428);
    let put = put_weights(&app, 1, &body).await.expect(200);
    assert_eq!((&put.json()["version"], &put.json()["weights"]["tail"]), (&json!(2), &json!(2.0)));
    put_weights(&app, 1, &body).await.expect(412);
    app.project().await;
    assert_eq!(handles(&app, "q=oak").await, ["oak-table", "bench"]);
    // A channel of its own goes by its own.
    let own = json!({"weights": few, "channels": [{"channel_id": app.channel_id, "weights": {}}]});
    put_weights(&app, 2, &own).await.expect(200);
    app.project().await;
    assert_eq!(handles(&app, "q=oak").await, ["bench", "oak-table"]);
    let log = app.get("/api/admin/audit-log?filter[entity_kind]=search_weights").admin().send().await;
    let log = log.expect(200).json();
    assert_eq!(log["data"][1]["after"]["weights"]["description"], 0.1, "{log}");
}

#[tokio::test]
async fn a_running_shop_hears_of_weights_by_itself_and_a_new_shelf_has_them() {
    let app = titled_and_described().await;
    assert_eq!(handles(&app, "q=oak").await, ["bench", "oak-table"]);
    let _listener = CatalogListener::spawn(app.shop.catalog.clone());
    let body = json!({"weights": {"description": 0.1, "popularity": 0}});
    put_weights(&app, 1, &body).await.expect(200);
    // Only projected: nobody but the listener lets the index take it.
    tradepost_app::catalog::Projector::new(app.shop.clone()).drain().await.unwrap();
    let heard = async {
        while handles(&app, "q=oak").await != ["oak-table", "bench"] {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), heard).await.unwrap();
    tradepost_app::search::ask_to_refill(&app.shop.store).await.unwrap();
    app.shop.catalog.shelves.clone().unwrap().ensure().await.unwrap();
    assert_eq!(handles(&app, "q=oak").await, ["oak-table", "bench"]);
}

#[tokio::test]
async fn weights_that_cannot_be_meant_are_refused() {
    let app = TestApp::new().await;
    let none: Value = ["core", "title", "tail", "brand", "types", "attributes", "description", "compound"]
        .map(|name| (name.to_owned(), json!(0)))
        .into_iter()
        .collect::<serde_json::Map<_, _>>()
        .into();
    let channel = |weights: Value| json!({"channel_id": app.channel_id, "weights": weights});
    for (body, status, param) in [
        (json!({"weights": {"title": -1}}), 422, "$.weights.title"),
        (json!({"weights": {"title": 101}}), 422, "$.weights.title"),
        (json!({"weights": {"tie": 1.5}}), 422, "$.weights.tie"),
        (json!({"weights": {"popularity": 11}}), 422, "$.weights.popularity"),
        (json!({"weights": none}), 422, "$.weights"),
        (json!({"weights": {"colour": 1}}), 400, "$.weights.colour"),
        (json!({"channels": [channel(json!({"named": -0.5}))]}), 422, "$.channels[0].weights.named"),
        (json!({"channels": [channel(json!({})), channel(json!({}))]}), 422, "$.channels[1].channel_id"),
        (
            json!({"channels": [{"channel_id": "chan_00000000000000000000000001", "weights": {}}]}),
            422,
            "$.channels",
        ),
    ] {
        let refused = put_weights(&app, 1, &body).await.expect(status);
        assert_eq!(refused.json()["param"], param, "{body}: {}", refused.json());
    }
    let kept = app.get(WEIGHTS).admin().send().await.expect(200).json();
    assert_eq!((&kept["version"], &kept["channels"]), (&json!(1), &json!([])));
}

/// A customer of a group, and the group's id.
async fn member(app: &TestApp) -> (TestCustomer, Value) {
    let group = make(app, "/api/admin/customer-groups", &json!({"name": "Trade"})).await;
    let customer = app.customer("ada@example.com").await;
    let path = format!("/api/admin/customers/{}", customer.id);
    let body = json!({"group_ids": [group["id"]]});
    app.patch(&path).admin().header("if-match", "*").json(&body).send().await.expect(200);
    (customer, group["id"].clone())
}

#[tokio::test]
async fn a_rule_for_a_group_is_seen_by_its_customers_alone() {
    let (app, ids) = shop().await;
    let (member, group) = member(&app).await;
    let other = app.customer("bob@example.com").await;
    rule(&app, json!({"customer_group_ids": [group], "pins": [{"product_id": ids[5], "position": 1}]})).await;
    for path in ["/api/products", "/api/search?q=lamp"] {
        let guest = app.get(path).send().await.expect(200);
        assert_eq!(guest.json()["data"][0]["handle"], "lamp-one", "{path}");
        let own = app.get(path).bearer(&member.access_token).send().await.expect(200);
        assert_eq!(own.json()["data"][0]["handle"], "sofa", "{path}");
        assert_eq!(own.header("cache-control"), "private, no-store", "{path}");
        // Asked in this order, an answer that was kept for one would be seen by the others.
        let again = app.get(path).send().await.expect(200);
        assert_eq!(again.json()["data"][0]["handle"], "lamp-one", "{path}");
        assert_eq!(again.header("cache-control"), guest.header("cache-control"), "{path}");
        let others = app.get(path).bearer(&other.access_token).send().await.expect(200);
        assert_eq!(others.json()["data"][0]["handle"], "lamp-one", "{path}");
    }
    let guest = app.get("/api/products").send().await.expect(200);
    assert!(guest.header("cache-control").starts_with("public"), "guests' answers are kept");
    // A token that holds no more, or a key, is a guest's.
    let bad = app.get("/api/products").bearer("nonsense").send().await.expect(200);
    assert_eq!(bad.json()["data"][0]["handle"], "lamp-one");
}

#[tokio::test]
async fn nobody_is_looked_up_where_no_rule_is_for_some_and_once_where_one_is() {
    let (app, ids) = shop().await;
    let (member, group) = member(&app).await;
    listing(&app, "").await;
    let ask = async || {
        let request = app.get("/api/products?limit=3").bearer(&member.access_token).send().await.expect(200);
        request.statements
    };
    // A search is kept by nobody, but what it finds is.
    let search = async || {
        let request = app.get("/api/search?limit=3").bearer(&member.access_token).send().await.expect(200);
        request.statements
    };
    ask().await;
    search().await;
    assert_eq!((ask().await, search().await), (0, 0), "it is kept");
    rule(&app, json!({"customer_group_ids": [group], "hide_product_ids": [ids[0]]})).await;
    ask().await;
    search().await;
    assert_eq!((ask().await, search().await), (1, 1), "its groups are asked for");
}

#[tokio::test]
async fn staff_look_ahead_as_a_group_and_rules_name_groups_that_are_there() {
    let (app, ids) = shop().await;
    let (_, group) = member(&app).await;
    let tried = json!([{"name": "Trade", "customer_group_ids": [group], "hide_product_ids": [ids[0]]}]);
    app.index().await;
    for (groups, total) in [(json!([]), 6), (json!([group]), 5)] {
        let body = json!({"customer_group_ids": groups, "rules": tried});
        let seen = app.post(PREVIEW).admin().json(&body).send().await.expect(200).json();
        assert_eq!(seen["total"], total, "{groups}");
    }
    let unknown = json!({"name": "x", "customer_group_ids": ["cgrp_00000000000000000000000001"]});
    let refused = app.post(RULES).admin().json(&unknown).send().await.expect(422);
    assert_eq!(refused.json()["param"], "$.customer_group_ids");
}
