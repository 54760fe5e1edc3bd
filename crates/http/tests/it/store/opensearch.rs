//! A shop that searches in OpenSearch: it answers as one that searches in its memory, follows, and does without while it is away. Asked of
//! a real server; skipped with a message where there is none.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use tradepost_app::catalog::list_products::ListProducts;
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_app::catalog::{Catalog, Reference};
use tradepost_app::search::suggest::suggest;
use tradepost_app::search::{FacetChoice, Shelves, ask_to_refill, refill_progress};
use tradepost_domain::catalog::product_query::{Filter, Range, Sort};
use tradepost_testkit::TestApp;
use tradepost_testkit::opensearch::{Settings, State, Way, ask, shelves, shop_settings};

use super::search_faults::{list, shopper, until, until_begun};
use super::search_index::{Halting, Halts, catalog, find, project, take_off};
use super::steering::{SYNONYMS, rule, shop};
use super::{change, put, variant};
use crate::admin::make;

/// A process of a shop, with a way of its own to the server.
struct Process {
    catalog: Catalog,
    shelves: Arc<Shelves>,
    way: Way,
}

impl Process {
    async fn of(app: &TestApp, settings: &Settings) -> Self {
        let way = Way::to(&settings.url).await;
        let settings = Settings { url: way.url.clone(), ..settings.clone() };
        let (catalog, shelves) = catalog(app, shelves(&settings));
        Self { catalog, shelves, way }
    }

    /// With everything filled.
    async fn standing(app: &TestApp, settings: &Settings) -> Self {
        let process = Self::of(app, settings).await;
        process.shelves.ensure().await.unwrap();
        process
    }

    async fn follow(&self, app: &TestApp) {
        self.shelves.follow(None, epoch(app).await).await.unwrap();
        self.catalog.cache.renew();
    }

    /// Whether what the server holds is what the database does.
    async fn is_equal(&self) -> bool {
        let proof = self.shelves.prove_indexes().await.unwrap().unwrap();
        assert!(proof.engine.starts_with("OpenSearch 2."), "{}", proof.engine);
        proof.equal == 2 && proof.different.is_empty()
    }
}

async fn epoch(app: &TestApp) -> i64 {
    let conn = app.shop.store.worker().conn().await.unwrap();
    tradepost_testkit::current_epoch(&conn).await
}

async fn body(catalog: &Catalog, command: ListProducts) -> Value {
    let document = list(catalog, command.clone()).await.unwrap();
    assert!(!document.degraded, "{command:?}");
    let mut body: Value = serde_json::from_slice(&document.body).unwrap();
    // A place by score is the engine's own.
    body["page"]["next"] = Value::Null;
    body
}

async fn lamps(app: &TestApp, count: usize) {
    for number in 0..count {
        put(app, &format!("Lamp {number}"), 1000, json!({"stock": 3})).await;
    }
    project(app).await;
}

fn found(handles: &[&str]) -> (Vec<String>, bool) {
    (handles.iter().map(|handle| (*handle).to_owned()).collect(), false)
}

#[tokio::test]
async fn it_answers_listings_searches_facets_and_suggestions_as_an_index_in_memory_does() {
    let Some(settings) = shop_settings() else { return };
    let (app, ids) = shop().await;
    let colours = json!({"variants": [variant(&json!({"Color": "Red"}), 2000, 1), variant(&json!({"Color": "Blue"}), 3000, 0)],
        "brand": "Nordvik", "attributes": {"material": "wool"}, "category": "lamps"});
    put(&app, "Reading lamp", 0, colours).await;
    make(&app, SYNONYMS, &json!({"name": "Seats", "locale": "en", "texts": ["sofa", "couch"]})).await;
    let query = json!([{"match": "is", "text": "lamp"}]);
    let steered = json!({"queries": query, "pins": [{"product_id": ids[3], "position": 1}],
        "hide_product_ids": [ids[1]], "banners": [{"title": "Lamps!", "url": "/lamps"}]});
    rule(&app, steered).await;
    project(&app).await;
    let process = Process::standing(&app, &settings).await;
    let (memory, shelves) = catalog(&app, tradepost_testkit::shelves());
    shelves.ensure().await.unwrap();
    let asked = |text: &str| ListProducts {
        text: (!text.is_empty()).then(|| text.to_owned()),
        facets: FacetChoice::Usual,
        understand: true,
        count: true,
        limit: 3,
        ..ListProducts::default()
    };
    let red = Filter::Option { name: "color".to_owned(), values: vec!["red".to_owned()] };
    let cheap = Filter::Price(Range { lte: Some(2500), ..Range::default() });
    let mut questions: Vec<ListProducts> =
        ["", "lamp", "lmap", "couch", "red lamp", "lamp under 15", "nordvik", "nothing"].map(asked).into();
    questions.push(ListProducts { filters: vec![red, cheap], ..asked("") });
    questions.push(ListProducts { sort: Sort::PriceDescending, ..asked("lamp") });
    questions.push(ListProducts {
        filters: vec![Filter::InStock(true)],
        category: Some(Reference::Handle("lamps".to_owned())),
        ..asked("")
    });
    for question in questions {
        process.catalog.cache.renew();
        let of_server = body(&process.catalog, question.clone()).await;
        memory.cache.renew();
        assert_eq!(of_server, body(&memory, question.clone()).await, "{question:?}");
    }
    let by = shopper(&memory).await;
    for typed in ["la", "nor", "raeding"] {
        let of_server = suggest(&process.catalog, &by, typed.to_owned(), 5).await.unwrap();
        let of_memory = suggest(&memory, &by, typed.to_owned(), 5).await.unwrap();
        assert_eq!(json!(of_server), json!(of_memory));
        assert!(!of_server.suggestions.is_empty() && of_server.degraded.is_none(), "{typed}");
    }
    assert!(process.is_equal().await);
}

#[tokio::test]
async fn what_changes_can_be_found_when_its_epoch_begins() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 3).await;
    let process = Process::standing(&app, &settings).await;
    let _listener = CatalogListener::spawn(process.catalog.clone());
    until(|| process.catalog.cache.stats().listening).await;
    let begun = async || {
        project(&app).await;
        until_begun(&app, &process.catalog).await;
    };
    change(&app, "/api/admin/products/lamp-0", &json!({"title": "Torch"})).await;
    begun().await;
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-1", "lamp-2"]));
    take_off(&app, "lamp-1").await;
    begun().await;
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-2"]));
    put(&app, "Lamp 1", 1000, json!({})).await;
    change(&app, "/api/admin/products/lamp-2", &json!({"price": {"amount": 7700, "currency": "EUR"}})).await;
    begun().await;
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-1", "lamp-2"]));
    let dear = Filter::Price(Range { gte: Some(7700), ..Range::default() });
    let dear = ListProducts { filters: vec![dear], ..ListProducts::default() };
    assert_eq!(body(&process.catalog, dear).await["data"][0]["handle"], "lamp-2");
    assert!(process.is_equal().await);
}

#[tokio::test]
async fn a_restart_goes_on_with_the_index_and_finds_what_changed_meanwhile() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 5).await;
    drop(Process::standing(&app, &settings).await);
    change(&app, "/api/admin/products/lamp-0", &json!({"title": "Torch"})).await;
    take_off(&app, "lamp-1").await;
    put(&app, "Lamp 9", 1000, json!({})).await;
    project(&app).await;
    let process = Process::of(&app, &settings).await;
    assert!(!process.is_equal().await, "it is the index of before");
    process.shelves.ensure().await.unwrap();
    app.shop.catalog.cache.renew();
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-2", "lamp-3", "lamp-4", "lamp-9"]));
    assert_eq!(find(&process.catalog, "torch").await, found(&["lamp-0"]));
    assert!(process.is_equal().await);
}

#[tokio::test]
async fn an_index_is_made_anew_under_traffic_and_misses_no_change() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 4).await;
    let halts = Halts::default();
    let (catalog, shelves) =
        catalog(&app, Arc::new(Halting { inner: shelves(&settings), halts: halts.clone() }));
    shelves.ensure().await.unwrap();
    let other = Process::standing(&app, &settings).await;
    let ((reached, is_reached), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    *halts.lock().unwrap() = Some((reached, goes_on));
    let generation = ask_to_refill(&app.shop.store).await.unwrap();
    let refilling = tokio::spawn({
        let shelves = shelves.clone();
        async move { shelves.ensure().await }
    });
    tokio::task::spawn_blocking(move || is_reached.recv().unwrap()).await.unwrap();
    change(&app, "/api/admin/products/lamp-0", &json!({"title": "Torch"})).await;
    take_off(&app, "lamp-1").await;
    put(&app, "Lamp 9", 1000, json!({})).await;
    project(&app).await;
    shelves.follow(None, epoch(&app).await).await.unwrap();
    other.follow(&app).await;
    let expected = found(&["lamp-2", "lamp-3", "lamp-9"]);
    assert_eq!(find(&catalog, "lamp").await, expected, "the index of before answers and follows");
    assert_eq!(find(&other.catalog, "lamp").await, expected);
    go_on.send(()).unwrap();
    refilling.await.unwrap().unwrap();
    for catalog in [&catalog, &other.catalog] {
        catalog.cache.renew();
        assert_eq!(find(catalog, "lamp").await, expected, "the new one has missed nothing");
        assert_eq!(find(catalog, "torch").await, found(&["lamp-0"]));
    }
    shelves.tell_now().await.unwrap();
    assert_eq!(refill_progress(&app.shop, generation).await.unwrap().ready, 2);
    assert!(other.is_equal().await);
}

#[tokio::test]
async fn while_the_server_is_away_the_database_answers_and_nothing_is_filled_anew_when_it_is_back() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 3).await;
    let process = Process::standing(&app, &Settings { search_timeout_ms: 300, ..settings.clone() }).await;
    for state in [State::Cut, State::Silent] {
        process.way.set(state);
        process.catalog.cache.renew();
        for _ in 0..3 {
            assert!(find(&process.catalog, "lamp").await.1, "{state:?}");
        }
        assert_eq!(process.shelves.resting_count(), 1, "it is no more asked");
        let asked = process.way.connections();
        assert!(find(&process.catalog, "lamp").await.1);
        assert_eq!(process.way.connections(), asked, "nobody waits for it");
        put(&app, &format!("Lamp {state:?}"), 1000, json!({})).await;
        project(&app).await;
        process.follow(&app).await;
        assert!(process.shelves.ensure().await.is_err(), "it is still away");
        assert_eq!(process.shelves.states().len(), 0, "the other one could not follow");
        process.way.set(State::Open);
        process.shelves.ensure().await.unwrap();
        process.catalog.cache.renew();
        assert!(!find(&process.catalog, "lamp").await.1);
        assert!(process.is_equal().await);
    }
    assert_eq!(find(&process.catalog, "lamp").await.0.len(), 5);
}

#[tokio::test]
async fn a_shop_starts_without_the_server_and_searches_in_it_when_it_comes() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 2).await;
    let process = Process::of(&app, &settings).await;
    process.way.set(State::Cut);
    assert!(process.shelves.ensure().await.is_err());
    assert!(process.shelves.prove_indexes().await.is_err());
    assert_eq!(find(&process.catalog, "lamp").await, (found(&["lamp-0", "lamp-1"]).0, true));
    process.way.set(State::Open);
    process.shelves.ensure().await.unwrap();
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-0", "lamp-1"]));
}

#[tokio::test]
async fn an_index_that_somebody_deleted_is_filled_anew() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 2).await;
    let process = Process::standing(&app, &settings).await;
    ask(&settings, "DELETE", &format!("/{}-*", settings.prefix)).await;
    for _ in 0..3 {
        assert!(find(&process.catalog, "lamp").await.1);
    }
    process.shelves.ensure().await.unwrap();
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-0", "lamp-1"]));
    put(&app, "Lamp 2", 1000, json!({})).await;
    project(&app).await;
    process.follow(&app).await;
    process.shelves.ensure().await.unwrap();
    assert!(process.is_equal().await);
}

#[tokio::test]
async fn of_two_processes_one_writes_and_the_other_takes_over_when_it_is_gone() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 2).await;
    let writer = Process::standing(&app, &settings).await;
    let reader = Process::standing(&app, &settings).await;
    put(&app, "Lamp 2", 1000, json!({})).await;
    project(&app).await;
    let waiting = tokio::spawn({
        let (shelves, epoch) = (reader.shelves.clone(), epoch(&app).await);
        async move { shelves.follow(None, epoch).await }
    });
    // Long enough to write it, were it to.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "its epoch does not begin before the other one has written");
    writer.follow(&app).await;
    waiting.await.unwrap().unwrap();
    assert_eq!(find(&reader.catalog, "lamp").await, found(&["lamp-0", "lamp-1", "lamp-2"]));
    drop(writer);
    take_off(&app, "lamp-0").await;
    project(&app).await;
    reader.follow(&app).await;
    assert_eq!(find(&reader.catalog, "lamp").await, found(&["lamp-1", "lamp-2"]));
    assert!(reader.is_equal().await);
}

#[tokio::test]
async fn what_the_writer_never_writes_is_written_by_who_waits_for_it() {
    let Some(settings) = shop_settings() else { return };
    let app = TestApp::new().await;
    lamps(&app, 1).await;
    let halted = Process::standing(&app, &settings).await;
    let process = Process::standing(&app, &settings).await;
    put(&app, "Lamp 1", 1000, json!({})).await;
    project(&app).await;
    process.follow(&app).await;
    assert_eq!(find(&process.catalog, "lamp").await, found(&["lamp-0", "lamp-1"]));
    // What it then writes is there already, and newer in part.
    change(&app, "/api/admin/products/lamp-1", &json!({"title": "Lamp one"})).await;
    project(&app).await;
    process.follow(&app).await;
    halted.follow(&app).await;
    assert!(process.is_equal().await && halted.is_equal().await);
}
