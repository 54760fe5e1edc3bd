//! The search index and the database: whatever happens, the one becomes equal to the other.

use std::sync::{Arc, Mutex, mpsc};

use serde_json::json;
use tradepost_app::catalog::list_products::{ListProducts, list_products};
use tradepost_app::catalog::{Catalog, Projector, Shopper, channels};
use tradepost_app::search::{ShelfProof, Shelves, ask_to_refill, prove_shelves, refill_progress};
use tradepost_port::BoxFuture;
use tradepost_port::search::{
    CatalogSearch, Change, IndexLook, SearchDocument, SearchError, ShelfFilling, ShelfMaker, ShelfName,
    WriterSeat,
};
use tradepost_testkit::TestApp;

use super::{change, put, texts};

/// A shop's catalogue with shelves of a test's own.
pub(super) fn catalog(app: &TestApp, maker: Arc<dyn ShelfMaker>) -> (Catalog, Arc<Shelves>) {
    let of = &app.shop.catalog;
    let shelves = Arc::new(Shelves::new(
        maker,
        app.shop.store.clone(),
        of.cache.clone(),
        (app.clock.clone(), app.shop.ids.clone()),
    ));
    (Catalog { shelves: Some(shelves.clone()), ..of.clone() }, shelves)
}

/// The handles that a listing of words finds, and whether the database had to answer.
pub(super) async fn find(catalog: &Catalog, text: &str) -> (Vec<String>, bool) {
    let channel = channels::find_channel(catalog, None).await.unwrap();
    let shopper = Shopper::new(channel, None).unwrap();
    let command = ListProducts { text: Some(text.to_owned()), ..ListProducts::default() };
    let document = list_products(catalog, &shopper, command).await.unwrap();
    let mut handles =
        texts(&serde_json::from_slice::<serde_json::Value>(&document.body).unwrap()["data"], "handle");
    handles.sort_unstable();
    (handles, document.degraded)
}

/// Takes a product off the shelf and deletes it.
pub(super) async fn take_off(app: &TestApp, handle: &str) {
    let path = format!("/api/admin/products/{handle}");
    app.post(&format!("{path}/archive")).admin().header("if-match", "*").send().await.expect(200);
    app.delete(&path).admin().header("if-match", "*").send().await.expect(204);
}

pub(super) async fn project(app: &TestApp) {
    Projector::new(app.shop.clone()).drain().await.unwrap();
}

#[tokio::test]
async fn a_restart_finds_what_changed_while_nobody_listened() {
    let app = TestApp::new().await;
    for number in 0..5 {
        put(&app, &format!("Lamp {number}"), 1000, json!({})).await;
    }
    project(&app).await;
    let (before, shelves) = catalog(&app, tradepost_testkit::shelves());
    shelves.ensure().await.unwrap();
    assert_eq!(find(&before, "lamp").await.0.len(), 5);
    change(&app, "/api/admin/products/lamp-0", &json!({"title": "Torch"})).await;
    take_off(&app, "lamp-1").await;
    put(&app, "Lamp 9", 1000, json!({})).await;
    project(&app).await;
    // The one that went on without hearing anything, told that it missed something; and one that begins anew.
    shelves.follow(None, app.shop.catalog.cache.epoch()).await.unwrap();
    let (after, begun) = catalog(&app, tradepost_testkit::shelves());
    begun.ensure().await.unwrap();
    let tallies = |shelves: &Shelves| {
        let mut all: Vec<_> =
            shelves.states().into_iter().map(|state| (state.view.locale.to_string(), state.tally)).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    };
    assert_eq!(tallies(&shelves), tallies(&begun));
    for catalog in [&before, &after] {
        app.shop.catalog.cache.renew();
        let (lamps, degraded) = find(catalog, "lamp").await;
        assert_eq!(
            (lamps, degraded),
            (vec!["lamp-2".into(), "lamp-3".into(), "lamp-4".into(), "lamp-9".into()], false)
        );
        assert_eq!(find(catalog, "torch").await.0, ["lamp-0"]);
    }
}

/// Told when a filling stops, and waited for until it goes on.
pub(super) type Halts = Arc<Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>>;

/// Stops a filling after the products were read a second time, and before they are taken in.
pub(super) struct Halting {
    pub(super) inner: Arc<dyn ShelfMaker>,
    pub(super) halts: Halts,
}

struct HaltingFilling {
    inner: Box<dyn ShelfFilling>,
    halts: Halts,
}

impl ShelfMaker for Halting {
    fn begin<'a>(
        &'a self,
        name: &'a ShelfName,
        generation: i64,
        seat: Arc<dyn WriterSeat>,
    ) -> BoxFuture<'a, Result<Box<dyn ShelfFilling>, SearchError>> {
        Box::pin(async move {
            let inner = self.inner.begin(name, generation, seat).await?;
            let halting: Box<dyn ShelfFilling> =
                Box::new(HaltingFilling { inner, halts: self.halts.clone() });
            Ok(halting)
        })
    }

    fn searches_at_once(&self) -> usize {
        self.inner.searches_at_once()
    }

    fn look<'a>(&'a self, name: &'a ShelfName) -> BoxFuture<'a, Result<Option<IndexLook>, SearchError>> {
        self.inner.look(name)
    }
}

impl ShelfFilling for HaltingFilling {
    fn learn(&mut self, documents: &[SearchDocument]) {
        self.inner.learn(documents);
    }

    fn put(&mut self, changes: Vec<Change<SearchDocument>>) -> BoxFuture<'_, Result<(), SearchError>> {
        if let Some((reached, go_on)) = self.halts.lock().unwrap().take() {
            reached.send(()).unwrap();
            go_on.recv().unwrap();
        }
        self.inner.put(changes)
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<Arc<dyn CatalogSearch>, SearchError>> {
        self.inner.finish()
    }
}

#[tokio::test]
async fn filling_anew_under_traffic_answers_all_the_while_and_misses_no_change() {
    let app = TestApp::new().await;
    for number in 0..4 {
        put(&app, &format!("Lamp {number}"), 1000, json!({})).await;
    }
    project(&app).await;
    let halts = Halts::default();
    let (catalog, shelves) =
        catalog(&app, Arc::new(Halting { inner: tradepost_testkit::shelves(), halts: halts.clone() }));
    shelves.ensure().await.unwrap();
    let ((reached, is_reached), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    *halts.lock().unwrap() = Some((reached, goes_on));
    let generation = ask_to_refill(&app.shop.store).await.unwrap();
    let refilling = tokio::spawn({
        let shelves = shelves.clone();
        async move { shelves.ensure().await }
    });
    tokio::task::spawn_blocking(move || is_reached.recv().unwrap()).await.unwrap();
    // What is being put on the new shelf was read by now.
    change(&app, "/api/admin/products/lamp-0", &json!({"title": "Torch"})).await;
    take_off(&app, "lamp-1").await;
    put(&app, "Lamp 9", 1000, json!({})).await;
    project(&app).await;
    shelves.follow(None, app.shop.catalog.cache.epoch()).await.unwrap();
    catalog.cache.renew();
    let expected = (vec!["lamp-2".to_owned(), "lamp-3".to_owned(), "lamp-9".to_owned()], false);
    assert_eq!(find(&catalog, "lamp").await, expected, "the old shelf answers and follows");
    shelves.tell_now().await.unwrap();
    let progress = refill_progress(&app.shop, generation).await.unwrap();
    assert_eq!((progress.shelves, progress.ready), (2, 0));
    assert!(progress.read.0 > 0 && progress.read.0 < progress.read.1, "{progress:?}");
    go_on.send(()).unwrap();
    refilling.await.unwrap().unwrap();
    assert_eq!(find(&catalog, "lamp").await, expected, "the new one has missed nothing");
    assert_eq!(find(&catalog, "torch").await.0, ["lamp-0"]);
    shelves.tell_now().await.unwrap();
    let progress = refill_progress(&app.shop, generation).await.unwrap();
    assert_eq!((progress.ready, progress.products, progress.read), (2, 8, (16, 16)));
}

#[tokio::test]
async fn the_proof_finds_a_shelf_that_has_missed_a_change_or_a_deletion() {
    let app = TestApp::new().await;
    for number in 0..3 {
        put(&app, &format!("Lamp {number}"), 1000, json!({})).await;
    }
    project(&app).await;
    let (_, shelves) = catalog(&app, tradepost_testkit::shelves());
    let prove = async || {
        shelves.tell_now().await.unwrap();
        prove_shelves(&app.shop).await.unwrap()
    };
    assert_eq!(prove().await, ShelfProof::default(), "nobody holds anything");
    shelves.ensure().await.unwrap();
    assert_eq!(prove().await, ShelfProof { equal: 2, ..ShelfProof::default() });
    change(&app, "/api/admin/products/lamp-0", &json!({"title": "Torch"})).await;
    take_off(&app, "lamp-1").await;
    project(&app).await;
    let proof = prove().await;
    assert_eq!((proof.equal, proof.different.len()), (0, 2), "{proof:?}");
    assert!(proof.different[0].contains("holds 3 products"), "{proof:?}");
    let conn = app.shop.store.worker().conn().await.unwrap();
    shelves.follow(None, tradepost_testkit::current_epoch(&conn).await).await.unwrap();
    assert_eq!(prove().await, ShelfProof { equal: 2, ..ShelfProof::default() });
}
