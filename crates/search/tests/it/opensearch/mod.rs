//! OpenSearch finds, counts and orders what the oracle does; asked of a real server.

mod server;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tradepost_port::search::plan::{Page, Start};
use tradepost_port::search::{Change, Hits, IndexDocument, SearchEngine, SearchRequest, Sort};
use tradepost_search::conformance::{Suite, cases, product, product_id};
use tradepost_search::opensearch::OpenSearch;

use self::server::{open, runtime, settings};
use crate::conformance::{asked, delete, live, requests};

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

    async fn check_all(&self) {
        for case in cases() {
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
        Config { cases: 128, ..Config::default() },
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
        both.check_all().await;
        both.apply(vec![delete(204, 5), delete(205, 900)]).await;
        assert_eq!(both.check("deleted", &asked("")).await.total, 199);
        let mut back = product(5);
        back.title = "Turquoise zither".to_owned();
        both.apply(vec![both.suite.upsert(206, back.clone()), live(207, 5, &[(0, 3, true)])]).await;
        assert_eq!(both.check("back", &asked("zither")).await.hits[0].id, product_id(5));
        both.check_all().await;
        both.apply(vec![live(208, 5, &[(0, 4, true)]), both.suite.upsert(209, back.clone()), delete(210, 5)])
            .await;
        assert_eq!(both.check("gone", &asked("zither")).await.total, 0);
        both.apply(vec![delete(211, 5), both.suite.upsert(212, back), live(213, 5, &[(1, 2, false)])]).await;
        both.check_all().await;
        assert_eq!(both.engine.apply(Vec::new()).await.unwrap(), 213);
    });
}
