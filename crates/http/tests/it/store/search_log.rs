//! What is remembered of searches: noted beside the shopper's way, told by storefronts, reported to staff and to all.

use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;
use tradepost_app::rounds::Round;
use tradepost_app::search::analytics::publish_searches;
use tradepost_app::search::export::export_search_log;
use tradepost_app::search::popular::{SearchLogRules, SearchLogWorker};
use tradepost_http::{ApiState, Ops};
use tradepost_port::Clock as _;
use tradepost_testkit::{TestApp, count_statements};

use super::{put, texts};
use crate::admin::make;
use crate::checkout::{confirm, filled_cart, order_cart};

const CLIENT: &str = "7f3a2f0e-8f57-4c1b-9a34-1d2f6a0b7c55";
const RULES: SearchLogRules =
    SearchLogRules { keep: SignedDuration::from_hours(24), clients_min: 3, never: Vec::new() };

/// One of many browsers.
fn browser(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}

async fn shop() -> TestApp {
    let app = TestApp::new().await;
    for (title, price) in [("Running shoe", 4000), ("Trail shoe", 9000), ("Kettle", 2500)] {
        put(&app, title, price, json!({"stock": 9})).await;
    }
    app.project().await;
    app
}

/// Searches; time goes on so far that the next one is another.
async fn search(app: &TestApp, query: &str, client: Option<&str>) -> Value {
    let request = app.get(&format!("/api/search?{query}"));
    let request = match client {
        Some(client) => request.header("client-id", client),
        None => request,
    };
    let answer = request.send().await.expect(200).json();
    app.clock.advance(SignedDuration::from_secs(10));
    answer
}

fn event(answer: &Value, action: &str, object: &Value) -> Value {
    json!({"query_id": answer["query_id"], "action_name": action,
        "event_attributes": {"object": {"object_id": object}, "position": {"ordinal": 1}}})
}

async fn tell(app: &TestApp, events: &[Value]) {
    let answer = app.post("/api/search/events").json(&json!({"events": events})).send().await.expect(202);
    // Channels are read anew every ten seconds; nothing else is asked of the database.
    assert!(answer.statements <= 1 && answer.bytes.is_empty(), "{}", answer.statements);
}

async fn write(app: &TestApp) {
    app.shop.search_log.write(&app.shop, true).await.unwrap();
}

async fn report(app: &TestApp, name: &str) -> Value {
    let path = format!("/api/admin/search/analytics?report={name}");
    let answer = app.get(&path).admin().send().await.expect(200);
    assert_eq!(answer.statements, 2, "the key and the report");
    answer.json()["data"].clone()
}

async fn database(app: &TestApp) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn count(app: &TestApp, sql: &str) -> i64 {
    database(app).await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn searches_are_reported_by_words_with_what_they_found_and_what_was_clicked() {
    let app = shop().await;
    let shoes = search(&app, "q=Running++SHOE", None).await;
    let _ = search(&app, "q=running+shoe", None).await;
    let _ = search(&app, "q=running+shoe&filter[in_stock]=true", None).await;
    for _ in 0..5 {
        let _ = search(&app, "q=kettle", None).await;
    }
    let _ = search(&app, "q=zzyzx", None).await;
    let _ = search(&app, "q=ada@example.com", None).await;
    let click = event(&shoes, "click", &shoes["data"][0]["id"]);
    tell(&app, &[click.clone(), click]).await;
    write(&app).await;
    let row = |words: &str, searches: i64, without_results: i64, clicked: i64| {
        json!({"user_query": words, "searches": searches, "without_results": without_results,
            "clicked": clicked, "redirected": 0, "clients": 0})
    };
    let shoe = row("running shoe", 2, 0, 1);
    assert_eq!(
        report(&app, "top_queries").await,
        json!([row("kettle", 5, 0, 0), shoe, row("zzyzx", 1, 1, 0)])
    );
    assert_eq!(report(&app, "no_results").await, json!([row("zzyzx", 1, 1, 0)]));
    assert_eq!(report(&app, "low_click_through").await, json!([row("kettle", 5, 0, 0)]));
}

#[tokio::test]
async fn a_search_that_follows_another_refines_it_and_shared_clicks_suggest_a_synonym() {
    let app = shop().await;
    let other = "0b9fd1c2-58f7-4f57-8a55-5b1f6fb2a001";
    let first = search(&app, "q=running+shoe", Some(CLIENT)).await;
    let _ = search(&app, "q=kettle", Some(other)).await;
    let second = search(&app, "q=shoe", Some(CLIENT)).await;
    // Of those who are not recognised nobody knows what followed.
    let _ = search(&app, "q=trail", None).await;
    let _ = search(&app, "q=trail+shoe", None).await;
    let product = &first["data"][0]["id"];
    assert!(texts(&second["data"], "id").contains(&product.as_str().unwrap().to_owned()), "{second}");
    write(&app).await;
    let refined = json!({"user_query": "running shoe", "refined_to": "shoe", "times": 1, "rescued": 0});
    assert_eq!(report(&app, "refinements").await, json!([refined]));
    assert_eq!(report(&app, "synonyms").await, json!([]));
    tell(&app, &[event(&first, "click", product), event(&second, "click", product)]).await;
    write(&app).await;
    let suggested = json!({"user_query": "running shoe", "refined_to": "shoe", "times": 1, "rescued": 0, "shared_clicks": 1});
    assert_eq!(report(&app, "synonyms").await, json!([suggested]));
    // What the first words did not find, the next ones did.
    for client in [CLIENT, other] {
        let _ = search(&app, "q=pot", Some(client)).await;
        let _ = search(&app, "q=kettle", Some(client)).await;
    }
    write(&app).await;
    let rescued =
        json!({"user_query": "pot", "refined_to": "kettle", "times": 2, "rescued": 2, "shared_clicks": 0});
    assert_eq!(report(&app, "synonyms").await, json!([rescued, suggested]));
}

#[tokio::test]
async fn a_browser_is_kept_as_a_hash_and_counts_once_for_its_words() {
    let app = shop().await;
    for client in [Some(CLIENT), Some(CLIENT), Some(&browser(1)), None] {
        let _ = search(&app, "q=kettle", client).await;
        // The key of the hashes outlives what was written with it.
        write(&app).await;
    }
    let rows = report(&app, "top_queries").await;
    assert_eq!((&rows[0]["searches"], &rows[0]["clients"]), (&json!(4), &json!(2)));
    let kept = format!("select count(*) from search_query where client_id in ('{CLIENT}', '{}')", browser(1));
    assert_eq!(count(&app, &kept).await, 0);
    assert_eq!(count(&app, "select count(distinct client_id) from search_query").await, 2);
}

#[tokio::test]
async fn a_search_that_a_rule_led_elsewhere_has_not_failed() {
    let app = shop().await;
    let rule = json!({"name": "Help", "queries": [{"match": "is", "text": "returns"}], "redirect": "/help/returns",
        "banners": [{"title": "Returns are free"}]});
    make(&app, "/api/admin/search/rules", &rule).await;
    app.project().await;
    for _ in 0..6 {
        let _ = search(&app, "q=returns", None).await;
    }
    write(&app).await;
    assert_eq!(report(&app, "top_queries").await[0]["redirected"], 6);
    assert_eq!(report(&app, "no_results").await, json!([]));
    assert_eq!(report(&app, "low_click_through").await, json!([]));
    let kept = "select count(*) from search_query where redirect = '/help/returns' and banners = 1 and step = 'exact'";
    assert_eq!(count(&app, kept).await, 6);
}

#[tokio::test]
async fn an_order_line_is_credited_once_to_the_last_search_that_led_to_its_product() {
    let app = shop().await;
    let first = search(&app, "q=running+shoe", None).await;
    let last = search(&app, "q=shoe", None).await;
    let unused = search(&app, "q=shoe&sort=price", None).await;
    let kettle = search(&app, "q=kettle", None).await;
    let product = first["data"][0].clone();
    let id = &product["id"];
    tell(
        &app,
        &[event(&first, "click", id), event(&first, "add_to_cart", id), event(&last, "add_to_cart", id)],
    )
    .await;
    let path = format!("/api/admin/products/{}", product["id"].as_str().unwrap());
    let product = app.get(&path).admin().send().await.expect(200).json();
    let variant = product["variants"][0]["id"].as_str().unwrap().to_owned();
    let (cart, token) = filled_cart(&app, &[(&variant, 2)]).await;
    let placed = order_cart(&app, &cart, &token, "one").await.expect(201).json();
    let order = &placed["order"]["id"];
    let deeds: Vec<Value> =
        [&first, &last, &unused, &kettle].map(|search| event(search, "purchase", order)).to_vec();
    tell(&app, &deeds).await;
    write(&app).await;
    assert_eq!(report(&app, "revenue").await, json!([]), "nothing is paid yet");
    let _ = confirm(&app, &placed, &json!({"outcome": "succeed"})).await.expect(200);
    let row = json!({"user_query": "shoe", "orders": 1, "revenue": {"amount": 8000, "currency": "EUR"}});
    assert_eq!(report(&app, "revenue").await, json!([row]));
}

#[tokio::test]
async fn what_cannot_have_happened_is_not_written_and_what_is_malformed_is_refused() {
    let app = shop().await;
    let answer = search(&app, "q=kettle", None).await;
    let shoe = search(&app, "q=shoe", None).await["data"][0]["id"].clone();
    let nothing = json!({"query_id": "qry_0000000000000000000000000a", "data": []});
    let no_order = json!("ord_0000000000000000000000000a");
    let untrue = [
        event(&answer, "click", &shoe),
        event(&nothing, "click", &shoe),
        event(&answer, "purchase", &no_order),
    ];
    tell(&app, &untrue).await;
    // A collector of User Behavior Insights says more than is kept.
    let told = json!({"application": "shop", "client_id": "ada", "session_id": "s", "timestamp": "2026-11-22T12:00:00Z",
        "user_query": "kettle", "message": "m", "message_type": "INFO", "query_id": answer["query_id"], "action_name": "click",
        "event_attributes": {"object": {"object_id": shoe, "object_id_field": "id"}, "position": {"ordinal": null, "x": 1},
            "session": {"tab": 2}}});
    tell(&app, &[told]).await;
    write(&app).await;
    assert_eq!(count(&app, "select count(*) from search_event").await, 0);
    let send = async |body: &Value| app.post("/api/search/events").json(body).send().await;
    let many = vec![event(&answer, "click", &answer["data"][0]["id"]); 51];
    for (body, status) in [
        (json!({"events": []}), 422),
        (json!({"events": many}), 422),
        (json!({"events": [event(&answer, "click", &no_order)]}), 422),
        (json!({"events": [event(&answer, "purchase", &shoe)]}), 422),
        (json!({"events": [event(&answer, "look", &shoe)]}), 400),
        (json!({"events": [event(&nothing["data"], "click", &shoe)]}), 400),
    ] {
        let refused = send(&body).await;
        assert_eq!(refused.status.as_u16(), status, "{body} {}", refused.json());
        assert!(refused.json()["param"].as_str().or(refused.json()["errors"][0]["param"].as_str()).is_some());
    }
    let wrong = app.get("/api/search?q=kettle").header("client-id", "ada@example.com").send().await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (400, "invalid_header"));
    let refused = async |query: &str| {
        let refused = app.get(&format!("/api/admin/search/analytics{query}")).admin().send().await;
        (refused.status.as_u16(), refused.code())
    };
    for query in ["", "?report=all", "?report=revenue&to=1"] {
        assert_eq!(refused(query).await, (400, "invalid_parameter".to_owned()), "{query}");
    }
    // Times each of which may be meant.
    for span in ["from=2026-11-01T00:00:00Z&to=2026-10-01T00:00:00Z", "from=2026-01-01T00:00:00Z"] {
        let query = format!("?report=revenue&{span}");
        assert_eq!(refused(&query).await, (422, "invalid_parameter".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_log_that_could_not_be_written_is_written_later_and_thrown_away_with_its_time() {
    let app = shop().await;
    let answer = search(&app, "q=kettle", Some(CLIENT)).await;
    tell(&app, &[event(&answer, "click", &answer["data"][0]["id"])]).await;
    let conn = database(&app).await;
    let rename = |sql| conn.batch_execute(sql);
    rename("alter table search_event rename to away").await.unwrap();
    assert!(app.shop.search_log.write(&app.shop, true).await.is_err());
    rename("alter table away rename to search_event").await.unwrap();
    write(&app).await;
    let rows = "select (select count(*) from search_query) * 10 + (select count(*) from search_event)";
    assert_eq!(count(&app, rows).await, 11);
    let worker = SearchLogWorker::new(app.shop.clone(), RULES);
    assert_eq!(worker.step().await.unwrap(), Round::Done);
    assert_eq!(count(&app, rows).await, 11);
    app.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(worker.step().await.unwrap(), Round::Done);
    assert_eq!(count(&app, rows).await, 0);
}

#[tokio::test]
async fn old_searches_are_thrown_away_some_thousand_at_a_time() {
    let app = shop().await;
    let many = "insert into search_query select gen_random_uuid(), '2020-01-01', gen_random_uuid(), 'en', null, 'x', true,
        'exact', null, 0, '{}' from generate_series(1, 5001)";
    database(&app).await.batch_execute(many).await.unwrap();
    let worker = SearchLogWorker::new(app.shop.clone(), RULES);
    assert_eq!(worker.step().await.unwrap(), Round::MoreIsDue);
    assert_eq!(count(&app, "select count(*) from search_query").await, 1);
    assert_eq!(worker.step().await.unwrap(), Round::Done);
    assert_eq!(count(&app, "select count(*) from search_query").await, 0);
}

#[tokio::test]
async fn the_log_is_exported_as_documents_of_user_behavior_insights() {
    let app = shop().await;
    let answer = search(&app, "q=kettle", Some(CLIENT)).await;
    let nothing = search(&app, "q=zzyzx", None).await;
    let product = &answer["data"][0]["id"];
    tell(&app, &[event(&answer, "click", product)]).await;
    write(&app).await;
    let mut out = Vec::new();
    let since = app.clock.now() - SignedDuration::from_hours(1);
    let written = export_search_log(&app.shop.store, since, &mut out).await.unwrap();
    assert_eq!((written.queries, written.events), (2, 1));
    let lines: Vec<Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0], json!({"index": {"_index": "ubi_queries", "_id": answer["query_id"]}}));
    let query = &lines[1];
    assert_eq!((&query["user_query"], &query["query_id"]), (&json!("kettle"), &answer["query_id"]));
    assert_eq!(query["query_response_hit_ids"], json!([product]));
    assert!(query["client_id"].is_string() && query["client_id"] != CLIENT && query["timestamp"].is_string());
    assert_eq!(
        (&lines[3]["query_id"], &lines[3]["query_response_hit_ids"]),
        (&nothing["query_id"], &json!([]))
    );
    let told = &lines[5];
    assert_eq!((&told["action_name"], &told["client_id"]), (&json!("click"), &query["client_id"]));
    let attributes = json!({"object": {"object_id": product, "object_id_field": "product_id"}, "position": {"ordinal": 1}});
    assert_eq!(told["event_attributes"], attributes);
    let later = app.clock.now() + SignedDuration::from_hours(1);
    let written = export_search_log(&app.shop.store, later, &mut Vec::new()).await.unwrap();
    assert_eq!((written.queries, written.events), (0, 0));
}

#[tokio::test]
async fn what_the_database_never_takes_is_given_up_and_counted() {
    let app = shop().await;
    let _ = search(&app, "q=kettle", None).await;
    let conn = database(&app).await;
    conn.batch_execute("alter table search_query add constraint never check (words <> 'kettle')")
        .await
        .unwrap();
    for _ in 0..6 {
        assert!(app.shop.search_log.write(&app.shop, true).await.is_err());
    }
    assert_eq!(app.shop.search_log.dropped(), 1);
    let _ = search(&app, "q=shoe", None).await;
    write(&app).await;
    assert_eq!(count(&app, "select count(*) from search_query").await, 1);
}

/// The searches that are suggested, after the worker and this process looked at the log.
async fn suggested(app: &TestApp, rules: SearchLogRules, typed: &str) -> Vec<String> {
    write(app).await;
    let worker = SearchLogWorker::new(app.shop.clone(), rules);
    let (done, statements) = count_statements(worker.step()).await;
    assert_eq!((done.unwrap(), statements), (Round::Done, 3));
    app.clock.advance(SignedDuration::from_mins(1));
    app.shop.catalog.shelves.clone().unwrap().ensure().await.unwrap();
    let answer = app.get(&format!("/api/search/suggest?q={typed}")).send().await.expect(200).json();
    let all = answer["suggestions"].as_array().unwrap();
    let queries = all.iter().filter(|suggestion| suggestion["kind"] == "query");
    queries.map(|query| query["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_many_browsers_searched_for_and_found_is_suggested() {
    let app = shop().await;
    for number in 0..3 {
        let client = browser(number);
        for words in ["trail+shoe", "runing+shoe", "unobtainium", "shoe+0151234567"] {
            let _ = search(&app, &format!("q={words}"), Some(&client)).await;
        }
        // Two browsers, however often, and people who are not recognised, are not many.
        let _ = search(&app, "q=trail", Some(&browser(number % 2))).await;
        let _ = search(&app, "q=running", None).await;
    }
    assert_eq!(suggested(&app, RULES, "tra").await, ["trail shoe"]);
    assert_eq!(suggested(&app, RULES, "trial+sh").await, ["trail shoe"], "one letter may be wrong");
    for typed in ["run", "unob", "shoe"] {
        let found = suggested(&app, RULES, typed).await;
        assert!(found.iter().all(|text| text == "trail shoe"), "{found:?}");
    }
    let never = SearchLogRules { never: vec!["trail".to_owned()], ..RULES };
    assert_eq!(suggested(&app, never, "tra").await, Vec::<String>::new());
    assert_eq!(suggested(&app, RULES, "tra").await, ["trail shoe"]);
    app.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(suggested(&app, RULES, "tra").await, Vec::<String>::new(), "what is no more kept");
}

#[tokio::test]
async fn what_is_searched_for_and_clicked_more_and_later_is_suggested_first() {
    let app = shop().await;
    let rules = SearchLogRules { keep: SignedDuration::from_hours(24 * 90), ..RULES };
    for number in 0..6 {
        let _ = search(&app, "q=shoe+trail", Some(&browser(number))).await;
    }
    app.clock.advance(SignedDuration::from_hours(24 * 28));
    for number in 0..3 {
        let _ = search(&app, "q=shoe+running", Some(&browser(number))).await;
    }
    assert_eq!(suggested(&app, rules.clone(), "sho").await, ["shoe running", "shoe trail"]);
    for number in 0..3 {
        let answer = search(&app, "q=shoe+trail", Some(&browser(number))).await;
        tell(&app, &[event(&answer, "click", &answer["data"][0]["id"])]).await;
    }
    assert_eq!(suggested(&app, rules, "sho").await, ["shoe trail", "shoe running"]);
}

#[tokio::test]
async fn events_are_limited_and_a_flood_of_searches_is_answered_but_not_noted() {
    let app = TestApp::with_rate_limits(true).await;
    put(&app, "Kettle", 2500, json!({"stock": 9})).await;
    app.project().await;
    let answer = app.get("/api/search?q=kettle").send().await.expect(200).json();
    let click = json!({"events": [event(&answer, "click", &answer["data"][0]["id"])]});
    for _ in 0..300 {
        app.post("/api/search/events").json(&click).send().await.expect(202);
    }
    let refused = app.post("/api/search/events").json(&click).send().await.expect(429);
    assert_eq!(
        (refused.code().as_str(), refused.headers["retry-after"].to_str().unwrap()),
        ("too_many_requests", "1")
    );
    for _ in 0..600 {
        app.get("/api/search?q=kettle").send().await.expect(200);
    }
    assert_eq!(app.shop.search_log.dropped(), 1);
}

#[tokio::test]
async fn the_public_page_is_there_where_it_is_switched_on_and_shows_what_many_searched_for() {
    let app = shop().await;
    for words in ["kettle", "zzyzx", "0151+2345678"] {
        for number in 0..5 {
            let _ = search(&app, &format!("q={words}"), Some(&browser(number))).await;
        }
    }
    for _ in 0..9 {
        let _ = search(&app, "q=running+shoe", Some(CLIENT)).await;
    }
    write(&app).await;
    for path in ["/search-analytics", "/search-analytics/data.json", "/search-analytics/page.js"] {
        assert_eq!(app.get(path).send().await.expect(404).code(), "route_not_found", "{path}");
    }
    let router = tradepost_http::router_with(ApiState::new(app.shop.clone()), Ops::new(None, Some(5)));
    let get = async |path: &str| {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts, axum::body::to_bytes(body, 1 << 20).await.unwrap())
    };
    let (parts, page) = get("/search-analytics").await;
    assert!(parts.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(!String::from_utf8_lossy(&page).contains("http"), "the page names another server");
    let (parts, body) = get("/search-analytics/data.json?days=7").await;
    assert_eq!(
        (parts.status.as_u16(), &parts.headers["cache-control"]),
        (200, &"public, max-age=60".parse().unwrap())
    );
    let data: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(texts(&data["top_queries"], "user_query"), ["kettle", "zzyzx"]);
    assert_eq!(texts(&data["no_results"], "user_query"), ["zzyzx"]);
    assert_eq!(data["by_day"][0]["searches"], 24);
    let db = app.shop.store.worker();
    let (made, statements) = count_statements(publish_searches(db, app.clock.now(), (7, 5))).await;
    assert_eq!((made.unwrap().days, statements), (7, 3));
    // Whoever asks again within the minute asks no database.
    let _ = search(&app, "q=kettle", None).await;
    write(&app).await;
    assert_eq!(get("/search-analytics/data.json?days=7").await.1, body);
    assert_eq!(get("/search-analytics/data.json?days=8").await.0.status.as_u16(), 400);
}
