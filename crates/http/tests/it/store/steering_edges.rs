//! Where steering of search meets what is not as usual: rows that cannot be read, pins that cannot be shown, pages of another size,
//! rules that begin while somebody turns pages.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::channels::key;
use super::steering::{RULES, SYNONYMS, rule, shop};
use super::{handles, listing, put, texts};
use crate::admin::{Intruder, make, sql, text};

#[tokio::test]
async fn a_rule_or_synonym_that_cannot_be_read_stops_no_other() {
    let (app, ids) = shop().await;
    sql(
        &app,
        "insert into search_rule values ('00000000-0000-7000-8000-000000000001', 'x', 'x', '{\"of\": \"tomorrow\"}', 1, now(), now());
         insert into search_synonym values ('00000000-0000-7000-8000-000000000002', 'x', 'x', '{\"of\": \"tomorrow\"}', 1, now(), now())",
    )
    .await;
    make(&app, SYNONYMS, &json!({"name": "Seats", "locale": "en", "texts": ["sofa", "couch"]})).await;
    rule(&app, json!({"hide_product_ids": [ids[0]]})).await;
    assert_eq!(handles(&app, "q=couch").await, ["sofa"]);
    assert_eq!(handles(&app, "").await[0], "lamp-two");
}

#[tokio::test]
async fn rules_hold_in_their_channels_and_locales_and_where_a_shelf_is_new() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({"popularity": 2, "translations": {"de": {"title": "Stiefel"}}})).await;
    let body =
        json!({"name": "Two", "handle": "two", "currency": "EUR", "default_locale": "en", "locales": ["en"]});
    let two = make(&app, "/api/admin/channels", &body).await;
    let banner = |title: &str| json!([{"title": title}]);
    rule(&app, json!({"name": "Two", "banners": banner("two"), "channel_ids": [two["id"]]})).await;
    rule(&app, json!({"name": "German", "banners": banner("de"), "locales": ["de"]})).await;
    let key = key(&app, text(&two, "id")).await;
    let shown = |answer: Value| {
        let banners = answer.get("banners").cloned().unwrap_or(json!([]));
        texts(&banners, "title")
    };
    assert_eq!(shown(listing(&app, "").await), Vec::<String>::new());
    assert_eq!(shown(listing(&app, "locale=de").await), ["de"]);
    let abroad = app.get("/api/products").header("publishable-key", &key).send().await.expect(200).json();
    assert_eq!(shown(abroad), ["two"]);
    // A shelf that is filled anew is told of the rules by nobody else.
    tradepost_app::search::ask_to_refill(&app.shop.store).await.unwrap();
    app.shop.catalog.shelves.clone().unwrap().ensure().await.unwrap();
    assert_eq!(shown(listing(&app, "locale=de").await), ["de"]);
}

#[tokio::test]
async fn queries_are_compared_as_they_say() {
    let (app, _) = shop().await;
    for (how, words) in [("is", "lamp two"), ("starts", "lamp two"), ("contains", "lamp two")] {
        let query = json!([{"match": how, "text": words}]);
        rule(&app, json!({"name": how, "queries": query, "banners": [{"title": how}]})).await;
    }
    for (query, wanted) in [
        ("lamp+two", vec!["is", "starts", "contains"]),
        ("the+lamps+two+three", vec!["starts", "contains"]),
        ("one+lamp+two", vec!["contains"]),
        ("two+lamp", vec![]),
    ] {
        let answer = listing(&app, &format!("q={query}")).await;
        let banners = answer.get("banners").cloned().unwrap_or(json!([]));
        assert_eq!(texts(&banners, "title"), wanted, "{query}");
    }
}

#[tokio::test]
async fn a_pin_that_cannot_be_shown_takes_no_place_from_one_that_can() {
    let (app, ids) = shop().await;
    app.post("/api/admin/products/sofa/archive").admin().header("if-match", "*").send().await.expect(200);
    let pin = |id: &Value, position: u8| json!({"product_id": id, "position": position});
    rule(&app, json!({"name": "First", "priority": 1, "pins": [pin(&ids[5], 1)]})).await;
    rule(&app, json!({"pins": [pin(&ids[4], 1)]})).await;
    assert_eq!(handles(&app, "limit=1").await, ["lamp-five"]);
    let listed = listing(&app, "facets=brand&count=exact").await;
    assert_eq!((&listed["page"]["total"], &listed["data"][0]["handle"]), (&json!(5), &json!("lamp-five")));
    let lux = listed["facets"][0]["values"].as_array().unwrap().iter().find(|it| it["value"] == "lux");
    assert_eq!(lux.unwrap()["count"], 1, "counted once");
}

#[tokio::test]
async fn hides_and_selections_are_counted_and_hidden_products_are_not_suggested() {
    let (app, ids) = shop().await;
    rule(&app, json!({"hide_product_ids": [ids[0]], "only": {"category_ids": [ids[6]]}})).await;
    let listed = listing(&app, "facets=brand&count=exact").await;
    let counts: Vec<&Value> =
        listed["facets"][0]["values"].as_array().unwrap().iter().map(|value| &value["count"]).collect();
    assert_eq!((&listed["page"]["total"], counts), (&json!(4), vec![&json!(3), &json!(1)]));
    let suggested = app.get("/api/search/suggest?q=lamp+o").send().await.expect(200).json();
    assert!(!texts(&suggested["suggestions"], "text").contains(&"Lamp one".to_owned()), "{suggested}");
}

#[tokio::test]
async fn pages_of_another_size_leave_nothing_out_and_show_nothing_twice() {
    let (app, ids) = shop().await;
    let pins: Vec<Value> = [(5, 1), (4, 2), (3, 3)]
        .map(|(number, position): (usize, u8)| json!({"product_id": ids[number], "position": position}))
        .into();
    rule(&app, json!({"pins": pins})).await;
    for (first, then) in [(1, 100), (2, 1), (4, 1)] {
        let page = listing(&app, &format!("limit={first}")).await;
        let mut shown = texts(&page["data"], "handle");
        let mut cursor = page["page"]["next"].clone();
        while let Some(next) = cursor.as_str() {
            let page = listing(&app, &format!("limit={then}&cursor={next}")).await;
            shown.extend(texts(&page["data"], "handle"));
            cursor = page["page"]["next"].clone();
        }
        shown.sort_unstable();
        assert_eq!(
            shown,
            ["lamp-five", "lamp-four", "lamp-one", "lamp-three", "lamp-two", "sofa"],
            "{first}"
        );
    }
    for wrong in ["x.0", "x.1", ".", "x.999999999999999999999"] {
        app.get(&format!("/api/products?cursor={wrong}")).send().await.expect(400);
    }
}

#[tokio::test]
async fn a_list_goes_on_when_a_rule_begins_or_ends_between_its_pages() {
    let (app, ids) = shop().await;
    let boost = json!({"boosts": [{"products": {"product_ids": [ids[4]]}, "percent": 1000}]});
    let next = async |query: &str| {
        listing(&app, query).await["page"]["next"].as_str().map(|next| format!("{query}&cursor={next}"))
    };
    let (plain, words) = (next("limit=2").await.unwrap(), next("q=lamp&limit=2").await.unwrap());
    let made = rule(&app, boost).await;
    assert_eq!(handles(&app, &plain).await, ["lamp-three", "lamp-four"]);
    assert_eq!(handles(&app, &words).await.len(), 2);
    let boosted = next("limit=2").await.unwrap();
    let path = format!("{RULES}/{}", text(&made, "id"));
    app.delete(&path).admin().if_match(1).send().await.expect(204);
    app.project().await;
    assert_eq!(handles(&app, &boosted).await.len(), 2);
}

#[tokio::test]
async fn an_only_of_staff_takes_no_condition_from_the_words() {
    let (app, _) = shop().await;
    let understood = async || {
        let searched = app.get("/api/search?q=dim+lamps").send().await.expect(200).json();
        searched["query"]["understood"].clone()
    };
    let before = understood().await;
    assert_ne!(before, json!([]));
    rule(&app, json!({"only": {"brands": ["dim", "lux"]}})).await;
    assert_eq!(understood().await, before);
}

#[tokio::test]
async fn a_rule_that_ends_as_another_begins_changes_what_is_kept() {
    let (app, ids) = shop().await;
    let shelves = app.shop.catalog.shelves.clone().unwrap();
    let at = |minutes: i64| {
        use tradepost_port::Clock as _;
        (app.clock.now() + jiff::SignedDuration::from_mins(minutes)).to_string()
    };
    let over = rule(&app, json!({"name": "Over", "starts_at": at(-5), "banners": [{"title": "over"}]})).await;
    shelves.mind_the_season();
    let path = format!("{RULES}/{}", text(&over, "id"));
    app.delete(&path).admin().if_match(1).send().await.expect(204);
    rule(&app, json!({"name": "New", "starts_at": at(1), "hide_product_ids": [ids[0]]})).await;
    assert_eq!(handles(&app, "").await.len(), 6);
    app.clock.advance(jiff::SignedDuration::from_mins(2));
    shelves.mind_the_season();
    assert_eq!(handles(&app, "").await.len(), 5);
}

#[tokio::test]
async fn the_last_rule_that_fits_is_made_once() {
    let app = TestApp::new().await;
    let rules = |first: u32, last: u32| {
        format!(
            "insert into search_rule select gen_random_uuid(), 'r' || n, 'r', '{{\"name\": \"r\"}}', 1, now(), now() from generate_series({first}, {last}) n"
        )
    };
    sql(&app, &rules(1, 999)).await;
    let lock = "select pg_advisory_xact_lock(hashtext('search_rule ' || current_schema()))";
    let other = Intruder::begin(&app, lock).await;
    let last = rules(1_000, 1_000);
    let body = json!({"name": "One too many"});
    let (answer, ()) =
        tokio::join!(app.post(RULES).admin().json(&body).send(), other.finish_when_waited_for(&last));
    assert_eq!(answer.expect(409).code(), "too_many");
}

#[tokio::test]
async fn a_rule_can_be_changed_though_its_channel_is_gone() {
    let app = TestApp::new().await;
    let body =
        json!({"name": "Two", "handle": "two", "currency": "EUR", "default_locale": "en", "locales": ["en"]});
    let two = make(&app, "/api/admin/channels", &body).await;
    let made = rule(&app, json!({"banners": [{"title": "two"}], "channel_ids": [two["id"]]})).await;
    let channel = format!("/api/admin/channels/{}", text(&two, "id"));
    app.delete(&channel).admin().header("if-match", "*").send().await.expect(204);
    let path = format!("{RULES}/{}", text(&made, "id"));
    app.patch(&path).admin().if_match(1).json(&json!({"active": false})).send().await.expect(200);
    let again = json!({"channel_ids": [two["id"], app.channel_id]});
    let refused = app.patch(&path).admin().if_match(2).json(&again).send().await.expect(422);
    assert_eq!(refused.json()["param"], "$.channel_ids");
}
