//! Search, suggestions and facets, end to end: what shoppers ask and are told.

use serde_json::{Value, json};
use tradepost_app::catalog::Projector;
use tradepost_testkit::TestApp;

use super::{assert_refused, change, found, listing, put, texts, variant};
use crate::admin::make;

/// Shoes with variants, and things of other kinds.
async fn shop() -> TestApp {
    let app = TestApp::new().await;
    let shoes = make(&app, "/api/admin/categories", &json!({"name": "Shoes"})).await;
    make(&app, "/api/admin/categories", &json!({"name": "Boots", "parent_id": shoes["id"]})).await;
    let options =
        json!([{"name": "Color", "values": ["Red", "Blue"]}, {"name": "Size", "values": ["M", "L"]}]);
    let of =
        |color: &str, size: &str, cents, stock| variant(&json!({"Color": color, "Size": size}), cents, stock);
    let runner = json!({"brand": "Nordvik", "category": "shoes", "options": options, "popularity": 9,
        "variants": [of("Red", "M", 4000, 3), of("Blue", "L", 9000, 2)], "attributes": {"material": "mesh"}});
    put(&app, "Running shoe", 0, runner).await;
    let boot = json!({"brand": "Bright Water", "category": "boots", "options": options, "popularity": 5,
        "variants": [of("Red", "L", 12000, 1), of("Blue", "M", 12000, 0)], "attributes": {"material": "leather"}});
    put(&app, "Trail boot", 0, boot).await;
    let sandal = json!({"brand": "Nordvik", "category": "shoes", "options": options, "popularity": 1,
        "variants": [of("Blue", "M", 3000, 5)], "attributes": {"material": "leather"}});
    put(&app, "Beach sandal", 0, sandal).await;
    put(&app, "Kettle", 2500, json!({"brand": "Volta", "attributes": {"material": "steel"}, "stock": 1}))
        .await;
    app.project().await;
    app
}

async fn search(app: &TestApp, query: &str) -> Value {
    app.get(&format!("/api/search?{query}")).send().await.expect(200).json()
}

fn handles(answer: &Value) -> Vec<String> {
    texts(&answer["data"], "handle")
}

/// The counts of a facet, by value.
fn counts(answer: &Value, key: &str) -> Value {
    let facets = answer["facets"].as_array().unwrap();
    let facet = facets.iter().find(|facet| facet["key"] == key).unwrap_or_else(|| panic!("{key}: {answer}"));
    let each = facet["values"].as_array().unwrap().iter();
    each.map(|value| (value["value"].as_str().unwrap_or_default().to_owned(), value["count"].clone()))
        .collect()
}

#[tokio::test]
async fn a_search_forgives_errors_and_says_what_it_took_the_words_for() {
    let app = shop().await;
    let answer = app.get("/api/search?q=runing+shoe").send().await.expect(200);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let answer = answer.json();
    assert_eq!(handles(&answer)[0], "running-shoe");
    assert_eq!(answer["query"]["corrections"], json!([{"typed": "runing", "meant": "running"}]));
    assert_eq!(answer["query"]["step"], "corrected");
    assert_eq!(answer["query"]["relaxed"], false);
    assert_eq!(answer["page"]["total"], handles(&answer).len());
    assert!(answer.get("degraded").is_none());
    let id = answer["query_id"].as_str().unwrap();
    assert!(id.starts_with("qry_") && id.len() == 30, "{id}");
    assert_ne!(search(&app, "q=runing+shoe").await["query_id"], id, "every search has its own");
}

#[tokio::test]
async fn words_that_nothing_has_are_left_out_and_that_is_said() {
    let app = shop().await;
    let answer = search(&app, "q=trail+boot+zzyzx").await;
    assert_eq!(handles(&answer), ["trail-boot"]);
    assert_eq!((&answer["query"]["step"], &answer["query"]["relaxed"]), (&json!("relaxed"), &json!(true)));
    assert_eq!(handles(&search(&app, "q=zzyzx").await), Vec::<String>::new());
}

#[tokio::test]
async fn conditions_are_read_out_of_the_words_and_can_be_taken_away_again() {
    let app = shop().await;
    let answer = search(&app, "q=shoes+under+50").await;
    let chip = &answer["query"]["understood"]
        .as_array()
        .unwrap()
        .iter()
        .find(|chip| chip["treatment"] == "filter")
        .unwrap_or_else(|| panic!("{answer}"))
        .clone();
    assert_eq!(chip["filters"], json!({"filter[price][lte]": "5000"}));
    assert_eq!(answer["query"]["filters_applied"], json!([chip["text"]]));
    let cheap = handles(&answer);
    assert!(
        !cheap.contains(&"trail-boot".to_owned()) && cheap.contains(&"running-shoe".to_owned()),
        "{cheap:?}"
    );
    let text = chip["text"].as_str().unwrap().replace(' ', "+");
    let freed = search(&app, &format!("q=shoes+under+50&as_words={text}")).await;
    assert_eq!(freed["query"]["filters_applied"], json!([]));
    assert!(handles(&freed).contains(&"trail-boot".to_owned()), "{freed}");
    // A listing takes words for words.
    assert!(listing(&app, "q=shoes+under+50").await.get("query").is_none());
}

#[tokio::test]
async fn a_count_of_a_facet_is_of_products_with_one_variant_that_is_all_that_was_chosen() {
    let app = shop().await;
    let answer = listing(&app, "facets=option.color,option.size,brand,price&filter[option.color]=red").await;
    assert_eq!(handles(&answer), ["running-shoe", "trail-boot"]);
    // Its own choice does not narrow a facet: blue counts what blue would find.
    assert_eq!(counts(&answer, "option.color"), json!({"blue": 3, "red": 2}));
    // The running shoe has an L, but not a red one; the boot's M is blue.
    assert_eq!(counts(&answer, "option.size"), json!({"l": 1, "m": 1}));
    assert_eq!(counts(&answer, "brand"), json!({"bright-water": 1, "nordvik": 1}));
    let chosen = &answer["facets"][0]["values"];
    let selected: Vec<_> =
        chosen.as_array().unwrap().iter().filter(|value| value["selected"] == true).collect();
    assert_eq!((selected.len(), &selected[0]["value"]), (1, &json!("red")));
    assert_eq!(answer["facets"][0]["label"], "Color");
    let large = listing(&app, "facets=option.color&filter[option.size]=l&filter[in_stock]=true").await;
    assert_eq!(counts(&large, "option.color"), json!({"blue": 1, "red": 1}));
    let price = answer["facets"].as_array().unwrap().iter().find(|facet| facet["key"] == "price").unwrap();
    assert_eq!(price["type"], "ranges");
    let all: i64 =
        price["values"].as_array().unwrap().iter().map(|range| range["count"].as_i64().unwrap()).sum();
    assert_eq!(all, 2, "the red variants cost 40 and 120: {price}");
}

#[tokio::test]
async fn the_usual_facets_are_those_that_tell_something_apart() {
    let app = shop().await;
    let answer = listing(&app, "facets=true&category=shoes").await;
    let keys = texts(&answer["facets"], "key");
    assert!(
        keys.contains(&"brand".to_owned()) && keys.contains(&"attribute.material".to_owned()),
        "{keys:?}"
    );
    assert_eq!(counts(&answer, "attribute.material"), json!({"leather": 2, "mesh": 1}));
    assert!(!keys.contains(&"type".to_owned()), "no product has a type: {keys:?}");
    let roots = listing(&app, "facets=category").await;
    assert_eq!(counts(&roots, "category"), json!({"shoes": 3}));
    let below = listing(&app, "facets=category&category=shoes").await;
    assert_eq!(counts(&below, "category"), json!({"boots": 1}));
    assert!(listing(&app, "").await.get("facets").is_none());
}

#[tokio::test]
async fn suggestions_lead_to_products_brands_and_categories() {
    let app = shop().await;
    let suggest = async |query: &str| {
        app.get(&format!("/api/search/suggest?{query}")).send().await.expect(200).json()["suggestions"]
            .clone()
    };
    let found = suggest("q=nord").await;
    assert_eq!(found[0]["kind"], "brand", "{found}");
    assert_eq!((&found[0]["text"], &found[0]["handle"]), (&json!("Nordvik"), &json!("nordvik")));
    let found = suggest("q=boo").await;
    let category = found.as_array().unwrap().iter().find(|one| one["kind"] == "category").unwrap();
    assert_eq!(category["handle"], "boots");
    let found = suggest("q=kett&limit=1").await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("product")));
    assert!(found[0]["id"].as_str().unwrap().starts_with("prod_"));
    let handle = found[0]["handle"].as_str().unwrap();
    let listed = app.get("/api/products?q=kettle").send().await.expect(200).json();
    assert_eq!(found[0]["product"], listed["data"][0]);
    let page = app.get(&format!("/api/products/{handle}")).send().await.expect(200).json();
    assert_eq!(page["id"], found[0]["id"]);
    assert_eq!(suggest("q=zzzz").await, json!([]));
}

#[tokio::test]
async fn every_kind_of_change_is_found_once_it_is_projected_and_not_before() {
    let app = shop().await;
    assert_eq!(found(&app, "q=kettle").await, ["kettle"]);
    assert_eq!(found(&app, "filter[price][lt]=2000").await, Vec::<String>::new());
    let path = "/api/admin/products/kettle";
    let product = app.get(path).admin().send().await.expect(200).json();
    change(&app, path, &json!({"title": "Samovar"})).await;
    assert_eq!(found(&app, "q=kettle").await, ["kettle"], "not before it is projected");
    app.project().await;
    assert_eq!(found(&app, "q=samovar").await, ["kettle"]);
    assert_eq!(found(&app, "q=kettle").await, Vec::<String>::new());
    let id = product["variants"][0]["id"].as_str().unwrap();
    let price = json!({"prices": [{"amount": 1500, "currency": "EUR"}]});
    change(&app, &format!("{path}/variants/{id}"), &price).await;
    app.project().await;
    assert_eq!(found(&app, "filter[price][lt]=2000").await, ["kettle"]);
    assert_eq!(found(&app, "q=samovar&filter[price][lt]=2000").await, ["kettle"]);
    app.post(&format!("{path}/archive")).admin().header("if-match", "*").send().await.expect(200);
    app.project().await;
    assert_eq!(found(&app, "q=samovar").await, Vec::<String>::new());
    assert_eq!(found(&app, "").await.len(), 3);
    let suggested = app.get("/api/search/suggest?q=samo").send().await.expect(200).json();
    assert_eq!(suggested["suggestions"], json!([]));
    app.audit().await;
}

#[tokio::test]
async fn the_database_answers_while_no_shelf_stands_and_says_so() {
    let app = TestApp::new().await;
    for number in 0..30 {
        put(&app, &format!("Lamp {number}"), 1000, json!({})).await;
    }
    // Projected, but not indexed.
    Projector::new(app.shop.clone()).drain().await.unwrap();
    let answer = app.get("/api/products?limit=50&facets=true&q=lamp&count=exact").send().await.expect(200);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let body = answer.json();
    assert_eq!((&body["degraded"], &body["page"]["limit"]), (&json!(true), &json!(24)));
    assert_eq!((body["data"].as_array().unwrap().len(), &body["page"]["total"]), (24, &json!(30)));
    assert!(body.get("facets").is_none());
    let next = body["page"]["next"].as_str().unwrap();
    let rest = listing(&app, &format!("limit=50&facets=true&q=lamp&count=exact&cursor={next}")).await;
    assert_eq!(rest["data"].as_array().unwrap().len(), 6);
    let answer = search(&app, "q=lamp").await;
    assert_eq!((&answer["degraded"], answer.get("query")), (&json!(true), None));
    let suggested = app.get("/api/search/suggest?q=lamp").send().await.expect(200).json();
    assert_eq!(suggested, json!({"suggestions": [], "degraded": true}));
    // The shelf is put up: what was answered before is not given again.
    app.project().await;
    let body = listing(&app, "limit=50&q=lamp").await;
    assert_eq!((body["data"].as_array().unwrap().len(), body.get("degraded")), (30, None));
}

#[tokio::test]
async fn pages_of_a_search_follow_each_other_whatever_it_is_ordered_by() {
    let app = TestApp::new().await;
    for number in 0..23 {
        let more = json!({"handle": format!("s{number:02}"), "popularity": number % 3});
        put(&app, &format!("Wool scarf {number}"), 1000 + number, more).await;
    }
    app.project().await;
    // "under 50" leaves no word: the list goes by what sells.
    for query in ["q=scarf", "q=under+50", "q=scarf&sort=price", "q=wool+scarf+under+50"] {
        let whole = handles(&search(&app, &format!("{query}&limit=100")).await);
        assert_eq!(whole.len(), 23, "{query}");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = search(&app, &format!("{query}&limit=10{cursor}")).await;
            seen.extend(handles(&page));
            assert_eq!(page["page"]["total"], 23);
            let Some(next) = page["page"]["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, whole, "{query}");
    }
}

#[tokio::test]
async fn of_signs_alone_nothing_is_found() {
    let app = shop().await;
    for query in ["q=???", "q=%21+-", "q=???&sort=price", "q=???&facets=brand"] {
        assert_eq!(handles(&search(&app, query).await), Vec::<String>::new(), "{query}");
        assert_eq!(found(&app, query).await, Vec::<String>::new(), "{query}");
    }
    assert_eq!(handles(&search(&app, "q=under+50").await).len(), 3, "a condition is something");
}

#[tokio::test]
async fn what_is_malformed_is_refused_by_its_name() {
    let app = TestApp::new().await;
    let long = "x".repeat(201);
    for (path, code, param) in [
        ("/api/search?colour=red", "unknown_parameter", "colour"),
        ("/api/search?q=a&limit=0", "invalid_parameter", "limit"),
        ("/api/search?q=a&cursor=zz", "invalid_cursor", "cursor"),
        ("/api/search?q=a&as_words=,", "invalid_filter", "as_words"),
        ("/api/search?q=a&facets=brand,", "invalid_parameter", "facets"),
        ("/api/search?q=a&facets=collection", "invalid_parameter", "facets"),
        ("/api/search?q=a&filter[price]=1", "unknown_filter", "filter[price]"),
        (&format!("/api/search?q={long}"), "invalid_parameter", "q"),
        ("/api/search/suggest", "invalid_parameter", "q"),
        ("/api/search/suggest?q=a&limit=21", "invalid_parameter", "limit"),
        ("/api/search/suggest?q=a&limit=x", "invalid_parameter", "limit"),
        ("/api/search/suggest?q=a&kind=brand", "unknown_parameter", "kind"),
        (&format!("/api/search/suggest?q={long}"), "invalid_parameter", "q"),
    ] {
        assert_refused(&app.get(path).send().await, 400, code, param, path);
    }
}
