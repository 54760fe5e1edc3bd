//! An order of the shopper's own: with consent alone, never over pins, forgotten when asked.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::steering::rule;
use super::{put, texts};
use crate::admin::sql;
use crate::checkout::order_items;

const CLIENT: &str = "7f3a2f0e-8f57-4c1b-9a34-1d2f6a0b7c55";
const HISTORY: &str = "/api/search/history";

/// Boots of two brands, the most sold first.
async fn shop() -> (TestApp, Vec<Value>) {
    let app = TestApp::new().await;
    let mut ids = Vec::new();
    for (number, brand) in ["Dim", "Dim", "Dim", "Lux", "Lux"].iter().enumerate() {
        let more = json!({"popularity": 50 - number, "brand": brand, "stock": 9});
        ids.push(put(&app, &format!("Boot {number}"), 1000, more).await["id"].clone());
    }
    app.project().await;
    (app, ids)
}

async fn search(app: &TestApp, query: &str, client: Option<&str>) -> TestResponse {
    let request = app.get(&format!("/api/search?{query}"));
    let request = match client {
        Some(client) => request.header("client-id", client),
        None => request,
    };
    request.send().await.expect(200)
}

fn order(answer: &TestResponse) -> Vec<String> {
    texts(&answer.json()["data"], "handle")
}

/// The answer without the id that every search has.
fn body(answer: &TestResponse) -> String {
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    text.split_once(',').unwrap().1.to_owned()
}

/// Lets the browser look at the last boot.
async fn click(app: &TestApp, id: &Value) {
    let found = search(app, "q=boot", Some(CLIENT)).await.json();
    let event = json!({"query_id": found["query_id"], "action_name": "click",
        "event_attributes": {"object": {"object_id": id}}});
    app.post("/api/search/events").json(&json!({"events": [event]})).send().await.expect(202);
    app.shop.search_log.write(&app.shop, true).await.unwrap();
}

const PLAIN: [&str; 5] = ["boot-0", "boot-1", "boot-2", "boot-3", "boot-4"];
const OWN: [&str; 5] = ["boot-3", "boot-4", "boot-0", "boot-1", "boot-2"];

#[tokio::test]
async fn nothing_is_looked_at_without_consent_and_what_all_are_given_stays() {
    let (app, ids) = shop().await;
    let base = search(&app, "q=boot", None).await;
    assert_eq!(order(&base), PLAIN);
    click(&app, &ids[4]).await;
    for query in ["q=boot", "q=boot&personalise=false"] {
        let answer = search(&app, query, Some(CLIENT)).await;
        assert_eq!(body(&answer), body(&base), "byte by byte: {query}");
    }
    let own = search(&app, "q=boot&personalise=true", Some(CLIENT)).await;
    assert_eq!((order(&own), &own.json()["personalised"]), (OWN.map(str::to_owned).to_vec(), &json!(true)));
    assert_eq!(own.header("cache-control"), "private, no-store");
    assert!(own.statements <= 3, "{}", own.statements);
    // Somebody else, and who is nobody, is given what all are.
    for client in [Some("00000000-0000-4000-8000-000000000009"), None] {
        let other = search(&app, "q=boot&personalise=true", client).await;
        assert_eq!((order(&other), &other.json()["personalised"]), (order(&base), &json!(false)));
        let rest = body(&other);
        assert_eq!(rest.strip_prefix("\"personalised\":false,").unwrap(), body(&base));
    }
    assert_eq!(body(&search(&app, "q=boot", Some(CLIENT)).await), body(&base));
    let mut cards = (own.json()["data"].clone(), base.json()["data"].clone());
    for cards in [&mut cards.0, &mut cards.1] {
        cards.as_array_mut().unwrap().sort_by_key(|card| card["handle"].to_string());
    }
    assert_eq!(cards.0, cards.1, "the same cards");
    assert_eq!((&own.json()["page"], &own.json()["query"]), (&base.json()["page"], &base.json()["query"]));
    app.get("/api/search?personalise=maybe").send().await.expect(400);
    app.get("/api/products?personalise=true").send().await.expect(400);
}

#[tokio::test]
async fn pins_stay_hidden_products_stay_hidden_and_an_order_of_choice_is_kept() {
    let (app, ids) = shop().await;
    click(&app, &ids[4]).await;
    let pin = json!({"product_id": ids[2], "position": 1});
    rule(&app, json!({"pins": [pin], "hide_product_ids": [ids[3]]})).await;
    let own = search(&app, "q=boot&personalise=true", Some(CLIENT)).await;
    assert_eq!(order(&own), ["boot-2", "boot-4", "boot-0", "boot-1"]);
    let by_name = search(&app, "q=boot&personalise=true&sort=name", Some(CLIENT)).await;
    assert_eq!((order(&by_name)[0].as_str(), &by_name.json()["personalised"]), ("boot-0", &json!(false)));
    let first = search(&app, "q=boot&personalise=true&limit=2", Some(CLIENT)).await.json();
    let next = first["page"]["next"].as_str().unwrap();
    let later = search(&app, &format!("q=boot&limit=2&cursor={next}&personalise=true"), Some(CLIENT)).await;
    assert_eq!(
        (order(&later), &later.json()["personalised"]),
        (vec!["boot-1".to_owned(), "boot-4".to_owned()], &json!(false))
    );
}

#[tokio::test]
async fn what_was_done_is_forgotten_with_time_and_when_asked() {
    let (app, ids) = shop().await;
    click(&app, &ids[4]).await;
    let is_own = async || order(&search(&app, "q=boot&personalise=true", Some(CLIENT)).await) == OWN;
    assert!(is_own().await);
    app.clock.advance(SignedDuration::from_hours(24 * 59));
    assert!(is_own().await);
    app.clock.advance(SignedDuration::from_hours(24 * 2));
    assert!(!is_own().await, "it is too long ago");
    click(&app, &ids[4]).await;
    assert!(is_own().await);
    app.delete(HISTORY).send().await.expect(400);
    app.delete(HISTORY).header("client-id", CLIENT).send().await.expect(204);
    assert!(!is_own().await);
    // What waits to be written is forgotten too.
    let found = search(&app, "q=boot", Some(CLIENT)).await.json();
    let event = json!({"query_id": found["query_id"], "action_name": "click",
        "event_attributes": {"object": {"object_id": ids[4]}}});
    app.post("/api/search/events").json(&json!({"events": [event]})).send().await.expect(202);
    app.delete(HISTORY).header("client-id", CLIENT).send().await.expect(204);
    app.shop.search_log.write(&app.shop, true).await.unwrap();
    assert!(!is_own().await);
}

#[tokio::test]
async fn what_a_customer_bought_counts_until_the_account_is_erased() {
    let (app, ids) = shop().await;
    let customer = app.customer("ada@example.com").await;
    let items = json!([{"product_id": ids[4], "quantity": 1}]);
    order_items(&app, items, "one").await.expect(201);
    sql(&app, "update orders set customer_id = (select id from customer)").await;
    let own = async || {
        let request = app.get("/api/search?q=boot&personalise=true").bearer(&customer.access_token);
        let answer = request.send().await.expect(200);
        (order(&answer) == OWN, answer.json()["personalised"].clone())
    };
    assert_eq!(own().await, (true, json!(true)));
    let plain = app.get("/api/search?q=boot").bearer(&customer.access_token).send().await.expect(200);
    assert_eq!(order(&plain), PLAIN, "nobody agreed");
    let _ = app.delete("/api/account").bearer(&customer.access_token).send().await.expect(204);
    assert_eq!(own().await, (false, json!(false)));
}

#[tokio::test]
async fn staff_see_why_a_product_would_stand_where_it_does_for_somebody() {
    let (app, ids) = shop().await;
    app.index().await;
    let body = json!({"parameters": {"q": "boot"}, "seen_product_ids": [ids[4]]});
    let seen = app.post("/api/admin/search/preview").admin().json(&body).send().await.expect(200).json();
    let told = |number: usize| &seen["products"][number]["personal"];
    assert_eq!((&told(3)["position"], &told(0)["position"]), (&json!(1), &json!(3)));
    assert!(told(4)["affinity"].as_f64().unwrap() > 0.3 && told(0)["affinity"] == 0.0, "{seen}");
    let plain = json!({"parameters": {"q": "boot"}});
    let seen = app.post("/api/admin/search/preview").admin().json(&plain).send().await.expect(200).json();
    assert_eq!(seen["products"][0]["personal"], Value::Null);
}
