//! The search index when its engine fails, halts or is late: nobody is told what is older than it may be, and nobody waits for long.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Notify, RwLock};
use tradepost_app::catalog::list_products::{ListProducts, ListProductsError, list_products};
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_app::catalog::{Catalog, Document, Shopper, channels};
use tradepost_app::search::ask_to_refill;
use tradepost_app::search::suggest::{SuggestError, suggest};
use tradepost_domain::catalog::product_query::{Filter, Sort};
use tradepost_port::BoxFuture;
use tradepost_port::search::plan::Scoring;
use tradepost_port::search::{
    Capabilities, CatalogSearch, Change, ChangeKind, PopularQuery, SearchAnswer, SearchDocument, SearchError,
    SearchRequest, ShelfFilling, ShelfMaker, ShelfName, Suggestion, Synonym, WriterSeat,
};
use tradepost_testkit::TestApp;

use super::search_index::{catalog, find, project, take_off};
use super::{change, put, texts};

/// What the engine of a test does, and was asked for.
#[derive(Default)]
struct Stage {
    search_fails: AtomicBool,
    apply_fails: AtomicBool,
    /// Searches halt while this is held.
    searches: RwLock<()>,
    searching: AtomicUsize,
    /// Changes halt while this is held.
    changes: RwLock<()>,
    /// Told when changes have come to a shelf.
    reached: Notify,
    /// What kinds of changes were taken.
    kinds: Mutex<Vec<&'static str>>,
}

/// Shelves of the embedded engine that do as a stage says.
struct Staged(Arc<Stage>);

struct StagedFilling(Box<dyn ShelfFilling>, Arc<Stage>);

struct StagedShelf(Arc<dyn CatalogSearch>, Arc<Stage>);

impl ShelfMaker for Staged {
    fn begin<'a>(
        &'a self,
        name: &'a ShelfName,
        generation: i64,
        seat: Arc<dyn WriterSeat>,
    ) -> BoxFuture<'a, Result<Box<dyn ShelfFilling>, SearchError>> {
        Box::pin(async move {
            let inner = tradepost_testkit::shelves().begin(name, generation, seat).await?;
            let staged: Box<dyn ShelfFilling> = Box::new(StagedFilling(inner, self.0.clone()));
            Ok(staged)
        })
    }
    fn searches_at_once(&self) -> usize {
        tradepost_testkit::shelves().searches_at_once()
    }
}

impl ShelfFilling for StagedFilling {
    fn learn(&mut self, documents: &[SearchDocument]) {
        self.0.learn(documents);
    }
    fn put(&mut self, changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>> {
        self.0.put(changes)
    }
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Arc<dyn CatalogSearch>, SearchError>> {
        Box::pin(async move {
            let staged: Arc<dyn CatalogSearch> = Arc::new(StagedShelf(self.0.finish().await?, self.1));
            Ok(staged)
        })
    }
}

fn torn() -> SearchError {
    SearchError::Failed("the index is torn".into())
}

impl CatalogSearch for StagedShelf {
    fn apply(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<i64, SearchError>> {
        Box::pin(async move {
            self.1.reached.notify_one();
            let _goes_on = self.1.changes.read().await;
            if self.1.apply_fails.load(Ordering::SeqCst) {
                return Err(torn());
            }
            let kind = |change: &Change| match change.kind {
                ChangeKind::Upsert(_) => "upsert",
                ChangeKind::Live(_) => "live",
                ChangeKind::Delete => "delete",
            };
            self.1.kinds.lock().unwrap().extend(changes.iter().map(kind));
            self.0.apply(changes).await
        })
    }
    fn durable_sequence(&self) -> i64 {
        self.0.durable_sequence()
    }
    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>> {
        self.0.wait_visible(sequence)
    }
    fn put_up(&self) -> BoxFuture<'_, Result<(), SearchError>> {
        self.0.put_up()
    }
    fn is_whole(&self) -> BoxFuture<'_, Result<bool, SearchError>> {
        self.0.is_whole()
    }
    fn search<'a>(&'a self, request: &'a SearchRequest) -> BoxFuture<'a, Result<SearchAnswer, SearchError>> {
        Box::pin(async move {
            self.1.searching.fetch_add(1, Ordering::SeqCst);
            let _goes_on = self.1.searches.read().await;
            if self.1.search_fails.load(Ordering::SeqCst) {
                return Err(torn());
            }
            self.0.search(request).await
        })
    }
    fn suggest(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        self.0.suggest(typed, limit)
    }
    fn take_popular_queries(&self, queries: Vec<PopularQuery>) -> Result<(), SearchError> {
        self.0.take_popular_queries(queries)
    }
    fn take_synonyms(&self, synonyms: Vec<Synonym>) {
        self.0.take_synonyms(synonyms);
    }
    fn stems(&self, text: &str) -> Vec<String> {
        self.0.stems(text)
    }
    fn scoring(&self) -> Scoring {
        self.0.scoring()
    }

    fn take_scoring(&self, scoring: Scoring) {
        self.0.take_scoring(scoring);
    }
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}

pub(super) async fn shopper(catalog: &Catalog) -> Shopper {
    Shopper::new(channels::find_channel(catalog, None).await.unwrap(), None).unwrap()
}

pub(super) async fn list(catalog: &Catalog, command: ListProducts) -> Result<Document, ListProductsError> {
    list_products(catalog, &shopper(catalog).await, command).await
}

/// The cursor of the page behind this one.
fn next(page: &Document) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
    body["page"]["next"].as_str().map(str::to_owned)
}

pub(super) async fn until(mut is: impl FnMut() -> bool) {
    let looks = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looks).await.unwrap();
}

/// Waits until everything that was projected has begun here.
pub(super) async fn until_begun(app: &TestApp, catalog: &Catalog) {
    let conn = app.shop.store.worker().conn().await.unwrap();
    let epoch = tradepost_testkit::current_epoch(&conn).await;
    until(|| catalog.cache.epoch() >= epoch).await;
}

#[tokio::test]
async fn a_question_that_fails_is_answered_by_the_database_and_a_shelf_that_cannot_follow_is_replaced() {
    let app = TestApp::new().await;
    put(&app, "Lamp", 1000, json!({})).await;
    project(&app).await;
    let stage = Arc::new(Stage::default());
    let (catalog, shelves) = catalog(&app, Arc::new(Staged(stage.clone())));
    shelves.ensure().await.unwrap();
    stage.search_fails.store(true, Ordering::SeqCst);
    assert_eq!(find(&catalog, "lamp").await, (vec!["lamp".to_owned()], true));
    assert_eq!(shelves.states().len(), 2, "it may have been this question alone");
    stage.search_fails.store(false, Ordering::SeqCst);
    assert_eq!(find(&catalog, "lamp").await, (vec!["lamp".to_owned()], false), "what was less is not kept");
    stage.apply_fails.store(true, Ordering::SeqCst);
    change(&app, "/api/admin/products/lamp", &json!({"title": "Torch"})).await;
    project(&app).await;
    shelves.follow(None, 9).await.unwrap();
    assert_eq!(shelves.states().len(), 0);
    assert_eq!(find(&catalog, "torch").await, (vec!["lamp".to_owned()], true));
    shelves.ensure().await.unwrap();
    assert_eq!(shelves.states().len(), 2, "filled anew");
    assert_eq!(find(&catalog, "torch").await, (vec!["lamp".to_owned()], false));
}

#[tokio::test]
async fn a_place_by_score_is_no_place_in_the_list_of_whoever_scores_otherwise() {
    let app = TestApp::new().await;
    for number in 0..5 {
        put(&app, &format!("Lamp {number}"), 1000 + number, json!({})).await;
    }
    project(&app).await;
    let stage = Arc::new(Stage::default());
    let (catalog, shelves) = catalog(&app, Arc::new(Staged(stage.clone())));
    let page = |sort, cursor| ListProducts {
        text: Some("lamp".to_owned()),
        limit: 2,
        sort,
        cursor,
        ..ListProducts::default()
    };
    let ranked = |cursor| page(Sort::Relevance, cursor);
    let by_price = |cursor| page(Sort::PriceAscending, cursor);
    let first = list(&catalog, ranked(None)).await.unwrap();
    assert!(first.degraded);
    let of_database = next(&first);
    assert!(list(&catalog, ranked(of_database.clone())).await.unwrap().degraded, "its own second page");
    let priced = next(&list(&catalog, by_price(None)).await.unwrap());
    shelves.ensure().await.unwrap();
    let refused = list(&catalog, ranked(of_database)).await;
    assert!(matches!(refused, Err(ListProductsError::InvalidCursor)), "{refused:?}");
    let goes_on = list(&catalog, by_price(priced)).await.unwrap();
    assert!(!goes_on.degraded && next(&goes_on).is_some(), "a price is the same to both");
    let of_shelf = next(&list(&catalog, ranked(None)).await.unwrap());
    assert!(!list(&catalog, ranked(of_shelf.clone())).await.unwrap().degraded);
    stage.search_fails.store(true, Ordering::SeqCst);
    catalog.cache.renew();
    let refused = list(&catalog, ranked(of_shelf)).await;
    assert!(matches!(refused, Err(ListProductsError::InvalidCursor)), "{refused:?}");
}

#[tokio::test]
async fn whoever_finds_no_place_among_the_searches_is_told_to_come_back() {
    let app = TestApp::new().await;
    put(&app, "Lamp", 1000, json!({})).await;
    project(&app).await;
    let stage = Arc::new(Stage::default());
    let (catalog, shelves) = catalog(&app, Arc::new(Staged(stage.clone())));
    shelves.ensure().await.unwrap();
    let places = std::thread::available_parallelism().unwrap().get().max(2);
    let halted = stage.searches.write().await;
    let running: Vec<_> = (0..places)
        .map(|number| {
            let catalog = catalog.clone();
            tokio::spawn(async move { find(&catalog, &format!("lamp {number}")).await })
        })
        .collect();
    until(|| stage.searching.load(Ordering::SeqCst) == places).await;
    let command = ListProducts { text: Some("lamp".to_owned()), ..ListProducts::default() };
    let refused = list(&catalog, command).await;
    assert!(
        matches!(refused, Err(ListProductsError::Search(SearchError::Unavailable(_)))),
        "the database is not asked either: {refused:?}"
    );
    let refused = suggest(&catalog, &shopper(&catalog).await, "la".to_owned(), 5).await;
    assert!(matches!(refused, Err(SuggestError::Search(SearchError::Unavailable(_)))), "{refused:?}");
    drop(halted);
    for search in running {
        assert_eq!(search.await.unwrap(), (vec!["lamp".to_owned()], false));
    }
    assert_eq!(find(&catalog, "lamp").await, (vec!["lamp".to_owned()], false));
}

#[tokio::test]
async fn an_answer_of_while_the_index_takes_a_change_is_not_given_once_it_has() {
    let app = TestApp::new().await;
    put(&app, "Lamp", 1000, json!({})).await;
    project(&app).await;
    let stage = Arc::new(Stage::default());
    let (catalog, shelves) = catalog(&app, Arc::new(Staged(stage.clone())));
    shelves.ensure().await.unwrap();
    let _listener = CatalogListener::spawn(catalog.clone());
    until(|| catalog.cache.stats().listening).await;
    until_begun(&app, &catalog).await;
    let halted = stage.changes.write().await;
    let edition = catalog.cache.edition();
    change(&app, "/api/admin/products/lamp", &json!({"title": "Lantern"})).await;
    project(&app).await;
    stage.reached.notified().await;
    assert!(!catalog.cache.holds_edition(edition), "pages of before are let go of at once");
    assert_eq!(find(&catalog, "lantern").await, (Vec::new(), false), "the index has not taken it yet");
    drop(halted);
    until_begun(&app, &catalog).await;
    assert_eq!(find(&catalog, "lantern").await, (vec!["lamp".to_owned()], false));
}

#[tokio::test]
async fn products_that_are_named_as_changed_go_come_and_change_their_stock() {
    let app = TestApp::new().await;
    for name in ["Lamp a", "Lamp b", "Lamp c", "Lamp d"] {
        put(&app, name, 1000, json!({"stock": 3, "sku": name})).await;
    }
    project(&app).await;
    let stage = Arc::new(Stage::default());
    let (catalog, shelves) = catalog(&app, Arc::new(Staged(stage.clone())));
    shelves.ensure().await.unwrap();
    let _listener = CatalogListener::spawn(catalog.clone());
    until(|| catalog.cache.stats().listening).await;
    until_begun(&app, &catalog).await;
    let left = async |filters: Vec<Filter>| {
        project(&app).await;
        until_begun(&app, &catalog).await;
        let command = ListProducts { text: Some("lamp".to_owned()), filters, ..ListProducts::default() };
        let page = list(&catalog, command).await.unwrap();
        assert!(!page.degraded);
        let mut handles =
            texts(&serde_json::from_slice::<serde_json::Value>(&page.body).unwrap()["data"], "handle");
        handles.sort_unstable();
        handles
    };
    let kinds = || std::mem::take(&mut *stage.kinds.lock().unwrap());
    assert_eq!(left(Vec::new()).await.len(), 4);
    assert!(kinds().is_empty(), "nothing has changed");
    let archive = "/api/admin/products/lamp-a/archive";
    app.post(archive).admin().header("if-match", "*").send().await.expect(200);
    assert_eq!(left(Vec::new()).await, ["lamp-b", "lamp-c", "lamp-d"]);
    take_off(&app, "lamp-b").await;
    assert_eq!(left(Vec::new()).await, ["lamp-c", "lamp-d"]);
    change(&app, "/api/admin/products/lamp-c", &json!({"channels": []})).await;
    assert_eq!(left(Vec::new()).await, ["lamp-d"]);
    let gone = kinds();
    assert!(gone.iter().all(|kind| *kind == "delete"), "{gone:?}");
    let levels =
        app.get("/api/admin/stock-levels?filter[sku]=Lamp+d").admin().send().await.expect(200).json();
    let level = format!("/api/admin/stock-levels/{}", levels["data"][0]["id"].as_str().unwrap());
    change(&app, &level, &json!({"on_hand": 0})).await;
    assert_eq!(left(vec![Filter::InStock(true)]).await, Vec::<String>::new());
    assert_eq!(left(vec![Filter::InStock(false)]).await, ["lamp-d"]);
    let stock = kinds();
    assert!(!stock.is_empty() && stock.iter().all(|kind| *kind == "live"), "{stock:?}");
}

#[tokio::test]
async fn a_brand_without_products_is_not_suggested_once_it_is_filled_anew() {
    let app = TestApp::new().await;
    for name in ["Lamp a", "Lamp b"] {
        put(&app, name, 1000, json!({"brand": "Nordvik"})).await;
    }
    put(&app, "Kettle", 1000, json!({"brand": "Volta"})).await;
    project(&app).await;
    let (catalog, shelves) = catalog(&app, tradepost_testkit::shelves());
    shelves.ensure().await.unwrap();
    let suggested = async |typed: &str| {
        let list = suggest(&catalog, &shopper(&catalog).await, typed.to_owned(), 5).await.unwrap();
        list.suggestions.into_iter().map(|suggestion| suggestion.text).collect::<Vec<_>>()
    };
    assert_eq!(suggested("nord").await, ["Nordvik"]);
    take_off(&app, "lamp-a").await;
    take_off(&app, "lamp-b").await;
    project(&app).await;
    ask_to_refill(&app.shop.store).await.unwrap();
    shelves.ensure().await.unwrap();
    assert_eq!(suggested("nord").await, Vec::<String>::new());
    assert_eq!(suggested("volt").await, ["Volta"]);
}
