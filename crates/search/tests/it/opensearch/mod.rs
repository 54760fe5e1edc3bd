//! OpenSearch finds, counts and orders what the oracle does; asked of a real server.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tradepost_port::search::plan::{Page, Start};
use tradepost_port::search::{
    Change, Hits, IndexDocument, SearchEngine, SearchError, SearchRequest, Sort, SortKey,
};
use tradepost_search::conformance::{Suite, cases, product, product_id, products};
use tradepost_search::opensearch::{OpenSearch, OpenSearchError, Settings};
use tradepost_testkit::opensearch::{State, Way, ask, settings};

use crate::conformance::{asked, delete, facets, live, requests};

/// A runtime of a test's own.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// An index of a name that no other test has.
async fn open(settings: &Settings, name: &str) -> OpenSearch {
    OpenSearch::open(settings.clone(), name).await.unwrap()
}

struct Both {
    suite: Suite,
    engine: OpenSearch,
}

impl Both {
    async fn over(engine: OpenSearch) -> Self {
        let both = Self { suite: Suite::default(), engine };
        both.apply(both.suite.changes()).await;
        both
    }

    async fn apply(&self, changes: Vec<Change<IndexDocument>>) {
        self.suite.oracle.apply(changes.clone()).await.unwrap();
        let last = self.engine.apply(changes).await.unwrap();
        self.engine.wait_visible(last).await.unwrap();
    }

    async fn check(&self, name: &str, request: &SearchRequest) -> Hits {
        let checked = self.suite.check(&self.engine, request).await;
        checked.unwrap_or_else(|error| panic!("{name}: {error}\n{request:?}"))
    }

    /// Every fourth case: what is asked is whether the engine has the right products, not whether it conforms.
    async fn check_some(&self) {
        for case in cases().into_iter().step_by(4) {
            self.check(&case.name, &case.request).await;
        }
    }
}

#[test]
fn the_engine_conforms() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "conforms").await).await;
        let mut failed = Vec::new();
        for case in cases() {
            match both.suite.check(&both.engine, &case.request).await {
                Ok(hits) => assert_eq!(case.total.unwrap_or(hits.total), hits.total, "{}", case.name),
                Err(error) => failed.push(format!("{}: {error}", case.name)),
            }
        }
        assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), cases().len(), failed.join("\n"));
    });
}

#[test]
fn engines_agree_on_whatever_is_asked() {
    let Some(settings) = settings() else { return };
    let runtime = runtime();
    let both = runtime.block_on(async { Both::over(open(&settings, "whatever").await).await });
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 64, failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let agree = |request: SearchRequest| {
        let checked = runtime.block_on(both.suite.check(&both.engine, &request));
        prop_assert!(checked.is_ok(), "{:?}", checked.err());
        Ok(())
    };
    runner.run(&requests(), agree).unwrap();
}

#[test]
fn a_question_of_many_words_with_errors_is_not_too_long() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "long").await).await;
        let text = "acne statech zephy webcma moues optcal keybord gamimg batery labtop cafe tabel blak withe rde ofices";
        for facets in [Vec::new(), facets()] {
            let hits = both.check(text, &SearchRequest { facets, ..asked(text) }).await;
            assert!(hits.total > 0 && hits.steps.len() > 1, "{:?}", hits.steps);
        }
    });
}

#[test]
fn pages_go_on_where_the_one_before_ended_and_leave_nothing_out() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "pages").await).await;
        for sort in [Sort::Relevance, Sort::Newest, Sort::PriceAscending, Sort::PriceDescending, Sort::Name] {
            for text in ["", "mouse", "optcal mouze", "unknownword webcam"] {
                let ids = |hits: &Hits| hits.hits.iter().map(|hit| hit.id).collect::<Vec<_>>();
                let all = both.check("all", &SearchRequest { sort, ..asked(text) }).await;
                let mut pages = Vec::new();
                let mut page = Page::new(0, 9);
                loop {
                    let request = SearchRequest { sort, page: page.clone(), ..asked(text) };
                    let hits = both.engine.search(&both.suite.plan(&request)).await.unwrap();
                    assert_eq!((hits.total, &hits.steps), (all.total, &all.steps), "{sort:?} {text}");
                    pages.extend(ids(&hits));
                    let Some(next) = hits.next else { break };
                    page.start = Start::After(next);
                }
                assert_eq!(pages, ids(&all), "{sort:?} {text}");
            }
        }
    });
}

#[test]
fn prices_stock_and_products_change() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "changes").await).await;
        assert_eq!(both.check("all", &asked("")).await.sequence, 200);
        both.apply(vec![
            live(201, 5, &[(0, 1, true), (1, 99_000, false)]),
            live(202, 6, &[(0, 7, false)]),
            live(203, 900, &[(0, 1, true)]),
        ])
        .await;
        both.check("prices", &SearchRequest { sort: Sort::PriceAscending, ..asked("") }).await;
        both.apply(vec![delete(204, 5), delete(205, 900)]).await;
        assert_eq!(both.check("deleted", &asked("")).await.total, 199);
        let mut back = product(5);
        back.title = "Turquoise zither".to_owned();
        both.apply(vec![both.suite.upsert(206, back.clone()), live(207, 5, &[(0, 3, true)])]).await;
        assert_eq!(both.check("back", &asked("zither")).await.hits[0].id, product_id(5));
        both.apply(vec![live(208, 5, &[(0, 4, true)]), both.suite.upsert(209, back.clone()), delete(210, 5)])
            .await;
        assert_eq!(both.check("gone", &asked("zither")).await.total, 0);
        both.apply(vec![delete(211, 5), both.suite.upsert(212, back), live(213, 5, &[(1, 2, false)])]).await;
        both.check_some().await;
        assert_eq!(both.engine.apply(Vec::new()).await.unwrap(), 213);
    });
}

#[test]
fn an_index_goes_on_with_what_it_had_and_is_written_by_several() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "goes-on").await).await;
        both.apply(vec![live(201, 5, &[(0, 1, true)]), live(202, 6, &[(0, 2, false)]), delete(203, 7)]).await;
        assert_eq!(both.engine.durable_sequence(), 203);
        let other = open(&settings, "goes-on").await;
        assert_eq!(other.durable_sequence(), 203);
        let both = Both { suite: both.suite, engine: other };
        both.check_some().await;
        let mut kept = Vec::new();
        both.engine.each_document(|document| kept.push(document)).await.unwrap();
        let mut wanted = products();
        wanted.retain(|document| document.id != product_id(7));
        for (number, price, in_stock) in [(5, 1, true), (6, 2, false)] {
            let changed = wanted.iter_mut().find(|document| document.id == product_id(number)).unwrap();
            (changed.variants[0].price, changed.variants[0].in_stock) = (price, in_stock);
        }
        assert_eq!(kept, wanted);
    });
}

#[test]
fn what_comes_late_does_not_undo_what_came_after() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "late").await).await;
        let mut changed = product(5);
        changed.title = "Turquoise zither".to_owned();
        let (early, late) = (both.suite.upsert(150, product(5)), both.suite.upsert(210, changed));
        both.apply(vec![late, delete(211, 7), live(212, 6, &[(0, 2, false)])]).await;
        // Another process, or a try of which nobody learnt the end; the oracle is not told.
        let slow = open(&settings, "late").await;
        slow.apply(vec![early, both.suite.upsert(151, product(7)), live(152, 6, &[(0, 9, true)])])
            .await
            .unwrap();
        slow.apply(vec![live(209, 5, &[(0, 9, true)])]).await.unwrap();
        assert_eq!(slow.durable_sequence(), 212);
        assert_eq!(open(&settings, "late").await.durable_sequence(), 212);
        slow.wait_visible(212).await.unwrap();
        both.check_some().await;
        assert_eq!(both.check("zither", &asked("zither")).await.total, 1);
    });
}

#[test]
fn an_index_is_made_anew_behind_the_one_that_answers() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let both = Both::over(open(&settings, "anew").await).await;
        let abandoned = both.engine.begin_anew().await.unwrap();
        abandoned.apply(vec![both.suite.upsert(1, product(0))]).await.unwrap();
        let anew = both.engine.begin_anew().await.unwrap();
        let mut some = both.suite.changes();
        some.truncate(50);
        anew.apply(some).await.unwrap();
        assert_eq!(both.check("before", &asked("")).await.total, 200);
        anew.apply(vec![delete(201, 5)]).await.unwrap();
        anew.publish().await.unwrap();
        assert_eq!(both.engine.search(&both.suite.plan(&asked(""))).await.unwrap().total, 49);
        // Both go on with what is there now, and there is nothing else.
        let old = Both { suite: both.suite, engine: anew };
        old.apply(old.suite.changes().split_off(50)).await;
        old.suite.oracle.apply(vec![delete(201, 5)]).await.unwrap();
        old.check_some().await;
        both.engine.wait_visible(200).await.unwrap();
        assert_eq!(both.engine.search(&old.suite.plan(&asked(""))).await.unwrap().total, 199);
        let forgotten = both.engine.begin_anew().await.unwrap();
        forgotten.publish().await.unwrap();
        let third = both.engine.begin_anew().await.unwrap();
        third.publish().await.unwrap();
        let names = ask(&settings, "GET", "/_cat/indices/tradepost-anew-*?h=index").await;
        assert_eq!(names.matches("tradepost-anew-").count(), 1, "the others are deleted: {names}");
        assert_eq!(open(&settings, "anew").await.durable_sequence(), 0);
    });
}

#[test]
fn a_server_that_is_away_or_silent_is_told_as_such_in_time_and_nothing_is_lost() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        let way = Way::to(&settings.url).await;
        let settings = Settings { url: way.url.clone(), search_timeout_ms: 400, ..settings };
        let patient = Settings { search_timeout_ms: 60_000, ..settings.clone() };
        let both = Both::over(open(&patient, "away").await).await;
        let hasty = open(&settings, "away").await;
        let plan = both.suite.plan(&asked("webcam"));
        for state in [State::Cut, State::Silent] {
            way.set(state);
            let found = hasty.search(&plan).await;
            assert!(matches!(found, Err(SearchError::Unavailable(_))), "{state:?}: {found:?}");
        }
        way.set(State::Cut);
        let changes = vec![delete(201, 5), live(202, 6, &[(0, 2, false)])];
        let refused = both.engine.apply(changes.clone()).await;
        assert!(matches!(refused, Err(SearchError::Unavailable(_))), "{refused:?}");
        assert_eq!(both.engine.durable_sequence(), 200);
        way.set(State::Open);
        both.apply(changes).await;
        assert_eq!(both.engine.durable_sequence(), 202);
        assert_eq!(both.check("after", &asked("")).await.total, 199);
    });
}

/// A server that answers everything with a status; what it was sent first.
async fn says(status: &'static str, login: Option<(String, SecretString)>) -> (String, OpenSearchError) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4_096];
        let length = connection.read(&mut head).await.unwrap();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        connection.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    let opened = OpenSearch::open(Settings { login, ..Settings::at(&url) }, "a").await;
    (sent.await.unwrap(), opened.err().unwrap())
}

#[test]
fn a_password_is_sent_and_a_bad_question_is_told_from_a_server_in_a_bad_state() {
    runtime().block_on(async {
        let login = Some(("anna".to_owned(), SecretString::from("s3cret")));
        let (sent, error) = says("401 Unauthorized", login.clone()).await;
        assert!(sent.contains("authorization: Basic YW5uYTpzM2NyZXQ="), "{sent}");
        assert!(matches!(error, OpenSearchError::Refused { status: 401, .. }), "{error:?}");
        for status in ["403 Forbidden", "429 Too Many Requests", "500 Error", "503 Unavailable"] {
            let (_, error) = says(status, None).await;
            assert!(matches!(SearchError::from(error), SearchError::Unavailable(_)), "{status}");
        }
        let (_, error) = says("400 Bad Request", None).await;
        assert!(matches!(SearchError::from(error), SearchError::Failed(_)));
        let away = OpenSearch::open(Settings::at("http://127.0.0.1:1"), "a").await;
        assert!(matches!(away, Err(OpenSearchError::Away(_))));
        for (url, login) in [("http://search.example", login), ("http://anna:s3cret@127.0.0.1", None)] {
            let opened = OpenSearch::open(Settings { login, ..Settings::at(url) }, "a").await;
            assert!(matches!(opened, Err(OpenSearchError::Settings(_))), "{url}");
        }
        let authorities = Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".to_owned());
        let bad = Settings { authorities, ..Settings::at("https://127.0.0.1:1") };
        assert!(matches!(OpenSearch::open(bad, "a").await, Err(OpenSearchError::Settings(_))));
    });
}

#[test]
fn what_cannot_be_is_refused() {
    let Some(settings) = settings() else { return };
    runtime().block_on(async {
        for name in ["", "Upper", "a/b", "-a", "a b", &"a".repeat(65)] {
            let opened = OpenSearch::open(settings.clone(), name).await;
            assert!(matches!(opened, Err(OpenSearchError::Settings(_))), "{name}");
        }
        for url in ["", "ftp://127.0.0.1", "mailto:a@b.example"] {
            let opened = OpenSearch::open(Settings { url: url.to_owned(), ..settings.clone() }, "a").await;
            assert!(matches!(opened, Err(OpenSearchError::Settings(_))), "{url}");
        }
        let both = Both::over(open(&settings, "refused").await).await;
        // The place of a list in another order is nowhere.
        let mut plan = both.suite.plan(&asked(""));
        let first = both.engine.search(&plan).await.unwrap().hits[0].id;
        let position = |key| tradepost_port::search::Position { key, id: first };
        plan.page.start = Start::After(position(SortKey::Text("a".to_owned())));
        let hits = both.engine.search(&plan).await.unwrap();
        assert_eq!((hits.hits.len(), hits.total), (0, 200));
        // What is too long to be a term is not found by it, and is on the shelf all the same.
        let mut long = product(3);
        long.tags = vec!["x".repeat(40_000), "short".to_owned()];
        long.variants[0].codes = vec!["9".repeat(40_000)];
        long.title_sort = "y".repeat(40_000);
        long.attributes.insert("text".to_owned(), "z".repeat(40_000).into());
        both.apply(vec![both.suite.upsert(300, long)]).await;
        assert_eq!(both.engine.search(&both.suite.plan(&asked(""))).await.unwrap().total, 200);
    });
}
