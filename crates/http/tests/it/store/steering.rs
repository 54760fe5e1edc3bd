//! Synonyms and rules of search: what staff write, and what shoppers are shown because of it.

use serde_json::{Value, json};
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_port::Clock as _;
use tradepost_testkit::TestApp;

use super::{handles, listing, put, texts};
use crate::admin::{check_kept, make};

pub(super) const SYNONYMS: &str = "/api/admin/search/synonyms";
pub(super) const RULES: &str = "/api/admin/search/rules";

/// Lamps, the most sold first, and a sofa; answers their ids.
pub(super) async fn shop() -> (TestApp, Vec<Value>) {
    let app = TestApp::new().await;
    let lamps = make(&app, "/api/admin/categories", &json!({"name": "Lamps"})).await;
    let mut ids = Vec::new();
    for (number, title) in ["Lamp one", "Lamp two", "Lamp three", "Lamp four", "Lamp five"].iter().enumerate()
    {
        let more = json!({"popularity": 50 - 10 * number, "category": "lamps", "brand": if number == 4 { "Lux" } else { "Dim" }});
        ids.push(put(&app, title, 1000, more).await["id"].clone());
    }
    ids.push(put(&app, "Sofa", 5000, json!({"popularity": 1})).await["id"].clone());
    ids.push(lamps["id"].clone());
    app.project().await;
    (app, ids)
}

pub(super) async fn rule(app: &TestApp, mut body: Value) -> Value {
    body["name"] = body.get("name").cloned().unwrap_or_else(|| json!("Rule"));
    let made = make(app, RULES, &body).await;
    app.project().await;
    made
}

#[tokio::test]
async fn synonyms_and_rules_are_kept() {
    let (app, ids) = shop().await;
    let body = json!({"name": "Sample", "handle": "sample", "locale": "en", "texts": ["sofa", "couch"]});
    check_kept(&app, SYNONYMS, &body, &json!({"texts": ["sofa", "settee", "love seat"]})).await;
    let body = json!({"name": "Sample", "handle": "sample", "pins": [{"product_id": ids[0], "position": 1}]});
    check_kept(&app, RULES, &body, &json!({"priority": 3, "active": false})).await;
    let list = app.get(&format!("{RULES}?limit=1&count=exact")).admin().send().await.expect(200).json();
    assert_eq!(list["page"]["total"], 0);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let pin =
        |number: u8, position: u8| json!({"product_id": format!("prod_{number:026}"), "position": position});
    let app = TestApp::new().await;
    for (path, body, status, param) in [
        (SYNONYMS, json!({"locale": "en", "texts": ["sofa"]}), 422, "$.texts"),
        (SYNONYMS, json!({"locale": "en", "texts": ["sofa", "--"]}), 422, "$.texts[1]"),
        (SYNONYMS, json!({"locale": "en", "texts": ["a b c d e"], "from": "x"}), 422, "$.texts[0]"),
        (SYNONYMS, json!({"locale": "en", "texts": ["a"], "from": "x".repeat(101)}), 422, "$.from"),
        (SYNONYMS, json!({"locale": "?", "texts": ["sofa", "couch"]}), 400, "$.locale"),
        (RULES, json!({"redirect": "/sale"}), 422, "$.redirect"),
        (
            RULES,
            json!({"redirect": "//evil.example", "queries": [{"match": "is", "text": "x"}]}),
            422,
            "$.redirect",
        ),
        (RULES, json!({"banners": [{"title": "x", "url": "javascript:alert(1)"}]}), 422, "$.banners[0].url"),
        (RULES, json!({"boosts": [{"products": {}, "percent": 200}]}), 422, "$.boosts[0].products"),
        (RULES, json!({"boosts": [{"products": {"tags": ["x"]}, "percent": 0}]}), 422, "$.boosts[0].percent"),
        (
            RULES,
            json!({"pins": [{"product_id": "prod_00000000000000000000000001", "position": 0}]}),
            422,
            "$.pins[0].position",
        ),
        (SYNONYMS, json!({"locale": "en", "texts": ["sofa", "Sofa"]}), 422, "$.texts[1]"),
        (SYNONYMS, json!({"locale": "en", "from": "sofa", "texts": ["sofa"]}), 422, "$.texts[0]"),
        (RULES, json!({"pins": [pin(1, 1), pin(1, 2)]}), 422, "$.pins[1].product_id"),
        (RULES, json!({"pins": [pin(1, 1), pin(2, 1)]}), 422, "$.pins[1].position"),
        (
            RULES,
            json!({"pins": [pin(1, 1)], "hide_product_ids": [pin(1, 1)["product_id"]]}),
            422,
            "$.pins[0].product_id",
        ),
        (RULES, json!({"pins": [pin(1, 1)]}), 422, "$.pins[0].product_id"),
        (RULES, json!({"hide_product_ids": [pin(1, 1)["product_id"]]}), 422, "$.hide_product_ids"),
        (RULES, json!({"only": {"brands": ["Nordvik"]}}), 422, "$.only.brands"),
        (RULES, json!({"only": {"product_types": ["none"]}}), 422, "$.only.product_types"),
        (
            RULES,
            json!({"boosts": [{"products": {"collection_ids": ["col_00000000000000000000000001"]}, "percent": 200}]}),
            422,
            "$.boosts[0].products.collection_ids",
        ),
        (RULES, json!({"category_ids": ["cat_00000000000000000000000001"]}), 422, "$.category_ids"),
        (RULES, json!({"channel_ids": ["chan_00000000000000000000000001"]}), 422, "$.channel_ids"),
        (RULES, json!({"queries": [{"match": "like", "text": "x"}]}), 400, "$.queries[0].match"),
    ] {
        let mut body = body;
        body["name"] = json!("x");
        let refused = app.post(path).admin().json(&body).send().await.expect(status);
        assert_eq!(refused.json()["param"], param, "{body}: {}", refused.json());
    }
    for path in [SYNONYMS, RULES] {
        let list = app.get(path).admin().send().await.expect(200).json();
        assert_eq!(list["data"], json!([]), "nothing is stored");
    }
}

#[tokio::test]
async fn a_synonym_finds_what_it_means_in_its_direction_until_it_is_gone() {
    let (app, _) = shop().await;
    assert_eq!(handles(&app, "q=couch").await, Vec::<String>::new());
    let two_way = json!({"name": "Seats", "locale": "en", "texts": ["sofa", "couch"]});
    let made = make(&app, SYNONYMS, &two_way).await;
    let one_way = json!({"name": "Lights", "locale": "en", "from": "luminaire", "texts": ["lamp"]});
    make(&app, SYNONYMS, &one_way).await;
    let other = json!({"name": "Leuchten", "locale": "de", "texts": ["lampada", "lamp"]});
    make(&app, SYNONYMS, &other).await;
    app.project().await;
    assert_eq!(handles(&app, "q=couch").await, ["sofa"]);
    assert_eq!(handles(&app, "q=luminaires").await.len(), 5);
    assert_eq!(handles(&app, "q=lampada").await, Vec::<String>::new(), "of another language");
    let one = format!("{SYNONYMS}/{}", made["id"].as_str().unwrap());
    app.delete(&one).admin().send().await.expect(204);
    app.project().await;
    assert_eq!(handles(&app, "q=couch").await, Vec::<String>::new());
    app.audit().await;
}

#[tokio::test]
async fn pins_hides_boosts_and_banners_are_seen_where_the_words_are_searched_for() {
    let (app, ids) = shop().await;
    rule(
        &app,
        json!({"queries": [{"match": "is", "text": "LAMPS"}], "pins": [{"product_id": ids[5], "position": 2}],
            "hide_product_ids": [ids[0]], "banners": [{"title": "Sale", "url": "/sale"}]}),
    )
    .await;
    let answer = listing(&app, "q=lamp").await;
    let shown = texts(&answer["data"], "handle");
    assert_eq!((shown.len(), shown[1].as_str()), (5, "sofa"), "{shown:?}");
    assert!(!shown.contains(&"lamp-one".to_owned()), "{shown:?}");
    assert_eq!(answer["banners"], json!([{"title": "Sale", "image_url": null, "url": "/sale"}]));
    let other = listing(&app, "q=lamp+two").await;
    assert!(other.get("banners").is_none() && other.get("redirect").is_none());
    assert!(!texts(&other["data"], "handle").contains(&"sofa".to_owned()));
    let cheapest = listing(&app, "q=lamp&sort=price").await;
    assert_eq!(texts(&cheapest["data"], "handle").len(), 4, "hidden in every order, pinned in the usual one");
    let searched = app.get("/api/search?q=lamps").send().await.expect(200).json();
    assert_eq!(texts(&searched["data"], "handle")[1], "sofa");
    assert_eq!(searched["banners"][0]["title"], "Sale");
}

/// What all pages show.
pub(super) async fn paged(app: &TestApp, query: &str) -> Vec<String> {
    let (mut shown, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = listing(app, &format!("{query}{cursor}")).await;
        shown.extend(texts(&page["data"], "handle"));
        let Some(next) = page["page"]["next"].as_str() else { return shown };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn pins_and_boosts_hold_over_the_pages_of_a_category() {
    let (app, ids) = shop().await;
    rule(
        &app,
        json!({"category_ids": [ids[6]], "pins": [{"product_id": ids[3], "position": 1}, {"product_id": ids[5], "position": 2}],
            "boosts": [{"products": {"brands": ["lux"]}, "percent": 1000}]}),
    )
    .await;
    let expected = ["lamp-four", "lamp-five", "lamp-one", "lamp-two", "lamp-three"];
    assert_eq!(paged(&app, "category=lamps&limit=2").await, expected);
    assert_eq!(paged(&app, "category=lamps&limit=1").await, expected, "the first page is all pins");
    assert_eq!(handles(&app, "limit=2").await, ["lamp-one", "lamp-two"], "nowhere else");
}

#[tokio::test]
async fn the_rule_of_higher_priority_goes_first_and_then_the_older() {
    let (app, ids) = shop().await;
    let pin = |id: &Value| json!([{"product_id": id, "position": 1}]);
    let query = json!([{"match": "contains", "text": "lamp"}]);
    let older =
        rule(&app, json!({"name": "Older", "queries": query, "pins": pin(&ids[1]), "redirect": "/a"})).await;
    rule(&app, json!({"name": "Newer", "queries": query, "pins": pin(&ids[2]), "redirect": "/b"})).await;
    let answer = listing(&app, "q=the+lamp+two").await;
    assert_eq!((&answer["redirect"], &answer["data"][0]["handle"]), (&json!("/a"), &json!("lamp-two")));
    rule(&app, json!({"name": "First", "priority": 1, "queries": query, "redirect": "/c"})).await;
    assert_eq!(listing(&app, "q=lamp").await["redirect"], "/c");
    let path = format!("{RULES}/{}", older["id"].as_str().unwrap());
    app.patch(&path).admin().if_match(1).json(&json!({"active": false})).send().await.expect(200);
    app.project().await;
    assert_eq!(listing(&app, "q=lamp").await["data"][0]["handle"], "lamp-three");
}

#[tokio::test]
async fn a_rule_begins_and_ends_at_its_moments_without_any_change() {
    let (app, ids) = shop().await;
    let at = |hours: i64| (app.clock.now() + jiff::SignedDuration::from_hours(hours)).to_string();
    rule(&app, json!({"starts_at": at(1), "ends_at": at(2), "only": {"product_ids": [ids[5]]}})).await;
    let shelves = app.shop.catalog.shelves.clone().unwrap();
    for wanted in [6, 1, 6] {
        // As a running shop does every second.
        shelves.mind_the_season();
        assert_eq!(handles(&app, "").await.len(), wanted);
        app.clock.advance(jiff::SignedDuration::from_hours(1));
    }
}

#[tokio::test]
async fn a_pin_of_a_product_that_is_gone_does_nothing() {
    let (app, ids) = shop().await;
    rule(&app, json!({"pins": [{"product_id": ids[5], "position": 1}]})).await;
    assert_eq!(handles(&app, "").await[0], "sofa");
    app.post("/api/admin/products/sofa/archive").admin().header("if-match", "*").send().await.expect(200);
    app.project().await;
    assert_eq!(handles(&app, "").await[0], "lamp-one");
}

#[tokio::test]
async fn a_running_shop_hears_of_a_synonym_by_itself() {
    let (app, _) = shop().await;
    assert_eq!(handles(&app, "q=couch").await, Vec::<String>::new());
    let _listener = CatalogListener::spawn(app.shop.catalog.clone());
    make(&app, SYNONYMS, &json!({"name": "Seats", "locale": "en", "texts": ["sofa", "couch"]})).await;
    // Only projected: nobody but the listener lets the index take it.
    tradepost_app::catalog::Projector::new(app.shop.clone()).drain().await.unwrap();
    let heard = async {
        while handles(&app, "q=couch").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), heard).await.unwrap();
}
