//! The look ahead: what shoppers would be shown, and why.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::handles;
use super::steering::{RULES, rule, shop};

const PREVIEW: &str = "/api/admin/search/preview";

async fn look(app: &TestApp, body: Value) -> Value {
    app.index().await;
    app.post(PREVIEW).admin().json(&body).send().await.expect(200).json()
}

fn column(rows: &Value, name: &str) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn a_stored_rule_is_seen_at_its_time_with_what_it_pins_and_hides() {
    let (app, ids) = shop().await;
    let query = json!([{"match": "contains", "text": "lamp"}]);
    let stored = rule(
        &app,
        json!({"name": "Later", "starts_at": "2126-01-01T00:00:00Z", "queries": query,
            "hide_product_ids": [ids[0]], "pins": [{"product_id": ids[5], "position": 1}]}),
    )
    .await;
    let now = look(&app, json!({"parameters": {"q": "lamp"}})).await;
    assert_eq!((&now["rules"], &now["total"], &now["hidden"]), (&json!([]), &json!(5), &json!([])));
    assert_eq!(json!(column(&now["products"], "handle")), json!(handles(&app, "q=lamp").await));
    let then = look(&app, json!({"parameters": {"q": "lamp"}, "at": "2126-01-02T00:00:00Z"})).await;
    assert_eq!(then["rules"][0]["id"], stored["id"]);
    let (pinned, found) = (&then["products"][0], &then["products"][1]);
    assert_eq!((&pinned["product_id"], &pinned["pinned_by"]["handle"]), (&ids[5], &json!("later")));
    assert_eq!((&pinned["score_parts"], &pinned["position_without_rules"]), (&json!(null), &json!(null)));
    assert_eq!((&found["pinned_by"], &found["position_without_rules"]), (&json!(null), &json!(2)));
    let hidden = &then["hidden"][0];
    assert_eq!((&hidden["product_id"], &hidden["rule"]["name"]), (&ids[0], &json!("Later")));
    assert_eq!((&hidden["title"], &then["hidden"][1]), (&json!("Lamp one"), &json!(null)));
    assert_eq!((&then["total"], &then["without_rules"]["total"]), (&json!(5), &json!(5)));
    assert_eq!(then["without_rules"]["product_ids"][0], ids[0]);
    // In a list of another category, or for other words, it does nothing.
    let other = look(&app, json!({"parameters": {"category": "lamps"}, "at": "2126-01-02T00:00:00Z"})).await;
    assert_eq!(other["rules"], json!([]));
}

#[tokio::test]
async fn rules_that_are_tried_are_told_apart_and_not_stored() {
    let (app, ids) = shop().await;
    let query = json!([{"match": "contains", "text": "lamp"}]);
    let stored = rule(&app, json!({"name": "Stored", "hide_product_ids": [ids[0]]})).await;
    let tried = json!({"name": "Tried", "boosts": [{"products": {"brands": ["lux"]}, "percent": 1000}],
        "only": {"product_ids": [ids[0], ids[1], ids[2], ids[4]]}, "redirect": "/lamps", "queries": query,
        "banners": [{"title": "New"}]});
    let first = json!({"name": "First", "priority": 9, "redirect": "/first", "queries": query});
    let other =
        json!({"name": "Other words", "redirect": "/x", "queries": [{"match": "is", "text": "sofa"}]});
    let off = json!({"name": "Off", "active": false, "hide_product_ids": [ids[4]]});
    let body =
        json!({"parameters": {"q": "lamp"}, "without": [stored["id"]], "rules": [tried, first, other, off]});
    let seen = look(&app, body).await;
    assert_eq!(json!(column(&seen["rules"], "name")), json!(["First", "Tried"]));
    assert_eq!(json!(column(&seen["rules"], "id")), json!([null, null]));
    let top = &seen["products"][0];
    assert_eq!((&top["handle"], &top["boosted_by"][0]["percent"]), (&json!("lamp-five"), &json!(1000)));
    assert_eq!(top["boosted_by"][0]["rule"]["name"], "Tried");
    assert_eq!((&top["position_without_rules"], &seen["total"]), (&json!(5), &json!(4)));
    assert_eq!(json!(column(&seen["hidden"], "product_id")), json!([ids[3]]));
    assert_eq!(seen["redirect"], json!({"url": "/first", "rule": seen["rules"][0]}));
    assert_eq!(seen["banners"][0]["banner"]["title"], "New");
    assert_eq!(seen["banners"][0]["rule"]["name"], "Tried");
    let list = app.get(RULES).admin().send().await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "nothing is stored");
    assert_eq!(handles(&app, "q=lamp").await[0], "lamp-two");
}

#[tokio::test]
async fn a_score_is_told_in_parts_that_make_it() {
    let (app, ids) = shop().await;
    let boost = json!({"name": "x", "boosts": [{"products": {"product_ids": [ids[1]]}, "percent": 150}]});
    let seen = look(&app, json!({"parameters": {"q": "dim lamp"}, "rules": [boost]})).await;
    let near = |value: f64, wanted: f64| (value - wanted).abs() < 0.001 * wanted.abs().max(1.0);
    let mut told = 0;
    for product in seen["products"].as_array().unwrap() {
        let parts = &product["score_parts"];
        let part = |name: &str| parts[name].as_f64().unwrap();
        let whole = part("words") * part("prior") * part("boosts");
        assert!(near(whole, product["score"].as_f64().unwrap()), "{product}");
        let is_boosted = product["product_id"] == ids[1];
        assert!(near(part("boosts"), if is_boosted { 1.5 } else { 1.0 }), "{product}");
        let fields = parts["fields"].as_object().unwrap();
        assert!(fields["title"].as_f64().unwrap() > 0.0 && !fields.contains_key("description"), "{product}");
        if product["product_id"] == ids[0] {
            assert!(near(part("prior"), 1.2), "the best seller: {product}");
            assert!(fields.contains_key("types"), "{product}");
            told += 1;
        }
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_refused() {
    let (app, _) = shop().await;
    app.index().await;
    let rules: Vec<Value> = (0..21).map(|_| json!({"name": "x"})).collect();
    for (body, status, param) in [
        (json!({"parameters": {"sort": "x"}}), 422, "$.parameters['sort']"),
        (json!({"parameters": {"": ""}}), 422, "$.parameters['']"),
        (json!({"parameters": {"facets": "true"}}), 422, "$.parameters"),
        (json!({"parameters": {"cursor": "x"}}), 422, "$.parameters"),
        (json!({"parameters": {"category": "none"}}), 404, "category"),
        (json!({"locale": "fr"}), 422, "$.locale"),
        (json!({"channel_id": "chan_00000000000000000000000001"}), 422, "$.channel_id"),
        (json!({"rules": [{"name": "x"}, {"name": "x", "redirect": "/x"}]}), 422, "$.rules[1].redirect"),
        (json!({"rules": rules}), 422, "$.rules"),
        (json!({"at": "soon"}), 400, "$.at"),
    ] {
        let refused = app.post(PREVIEW).admin().json(&body).send().await.expect(status);
        assert_eq!(refused.json()["param"], param, "{body}");
    }
    app.post(PREVIEW).json(&json!({})).send().await.expect(401);
}
