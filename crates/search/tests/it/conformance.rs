//! Every engine finds, counts and orders the same: the suite on Tantivy in memory and on disk, and random plans.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use tradepost_port::search::plan::{Boost, Page, Pin, Start};
use tradepost_port::search::{
    AttributeTest, Change, ChangeKind, Condition, FacetKey, FacetRequest, Filter, Hits, IndexDocument, Live,
    LiveVariant, Range, SearchDocument, SearchEngine, SearchRequest, Sort,
};
use tradepost_search::conformance::{Suite, cases, category, product, product_id, variant_id};
use tradepost_search::engine::Engine;

use crate::now;

struct Both {
    suite: Suite,
    engine: Engine,
}

impl Both {
    fn over(engine: Engine) -> Self {
        let both = Self { suite: Suite::default(), engine };
        both.apply(both.suite.changes());
        both
    }

    fn new() -> Self {
        Self::over(Engine::in_memory().unwrap())
    }

    fn apply(&self, changes: Vec<Change<IndexDocument>>) {
        now(self.suite.oracle.apply(changes.clone())).unwrap();
        now(self.engine.apply(changes)).unwrap();
    }

    fn check(&self, name: &str, request: &SearchRequest) -> Hits {
        self.agree(request).unwrap_or_else(|error| panic!("{name}: {error}\n{request:?}"))
    }

    /// The answer of both, be it asked for the first time or once more, or at a glance.
    fn agree(&self, request: &SearchRequest) -> Result<Hits, String> {
        let found = now(self.suite.check(&self.engine, request))?;
        let plan = self.suite.plan(request);
        let again = now(self.engine.search(&plan)).unwrap();
        let glanced = self.engine.glance(&plan);
        if plan.must.is_empty() && glanced.is_none() {
            return Err("two hundred products are not too many for a glance".to_owned());
        }
        for other in [Some(again), glanced].into_iter().flatten() {
            if other != found {
                return Err(format!("asked once more: {other:?}, not {found:?}"));
            }
        }
        Ok(found)
    }

    fn check_all(&self) {
        for case in cases() {
            self.check(&case.name, &case.request);
        }
    }

    fn ids(&self, request: &SearchRequest) -> Vec<u64> {
        let hits = self.check("ids", request).hits;
        hits.iter().map(|hit| (0..300).find(|number| product_id(*number) == hit.id).unwrap()).collect()
    }
}

pub fn asked(text: &str) -> SearchRequest {
    let text = (!text.is_empty()).then(|| text.to_owned());
    SearchRequest { text, page: Page::new(0, 500), understand: false, ..SearchRequest::default() }
}

pub fn live(sequence: i64, number: u64, variants: &[(u64, i64, bool)]) -> Change<IndexDocument> {
    let variants = variants.iter().map(|(place, price, in_stock)| LiveVariant {
        id: variant_id(number, *place),
        price: *price,
        in_stock: *in_stock,
    });
    let kind = ChangeKind::Live(Live { variants: variants.collect() });
    Change { sequence, id: product_id(number), kind }
}

pub fn delete(sequence: i64, number: u64) -> Change<IndexDocument> {
    Change { sequence, id: product_id(number), kind: ChangeKind::Delete }
}

#[test]
fn the_engine_conforms() {
    let both = Both::new();
    assert!(cases().len() >= 60);
    for case in cases() {
        let hits = both.check(&case.name, &case.request);
        if let Some(total) = case.total {
            assert_eq!(hits.total, total, "{}", case.name);
        }
    }
}

#[test]
fn pages_go_on_where_the_one_before_ended_and_leave_nothing_out() {
    let both = Both::new();
    for sort in
        [Sort::Relevance, Sort::Newest, Sort::PriceAscending, Sort::PriceDescending, Sort::Name, Sort::Rating]
    {
        for text in ["", "mouse", "optcal mouze", "unknownword webcam"] {
            let all = both.ids(&SearchRequest { sort, ..asked(text) });
            let mut pages = Vec::new();
            let mut page = Page::new(0, 9);
            loop {
                let request = SearchRequest { sort, page: page.clone(), ..asked(text) };
                // A score is the engine's own, so the oracle cannot go on from it.
                let hits = now(both.engine.search(&both.suite.plan(&request))).unwrap();
                pages.extend(hits.hits.iter().map(|hit| hit.id));
                let Some(next) = hits.next else { break };
                page.start = Start::After(next);
            }
            let all: Vec<_> = all.into_iter().map(product_id).collect();
            assert_eq!(pages, all, "{sort:?} {text}");
        }
    }
}

#[test]
fn pages_go_on_behind_one_that_is_all_pins() {
    let both = Both::new();
    let pins: Vec<Pin> =
        [150, 6, 3].into_iter().zip(0..).map(|(id, place)| Pin { id: product_id(id), place }).collect();
    for text in ["", "webcam"] {
        let request = SearchRequest { pins: pins.clone(), page: Page::new(0, 300), ..asked(text) };
        let all: Vec<_> = both.ids(&request).into_iter().map(product_id).collect();
        let (mut shown, mut page) = (Vec::new(), Page::new(0, 3));
        loop {
            let request = SearchRequest { page: page.clone(), ..request.clone() };
            let hits = now(both.engine.search(&both.suite.plan(&request))).unwrap();
            shown.extend(hits.hits.iter().map(|hit| hit.id));
            let Some(next) = hits.next else { break };
            page.start = Start::After(next);
        }
        assert_eq!(shown, all, "{text}");
    }
}

#[test]
fn pages_go_on_behind_as_many_pins_as_were_shown() {
    let both = Both::new();
    let pins: Vec<Pin> =
        [150, 6, 3].into_iter().zip([0, 4, 7]).map(|(id, place)| Pin { id: product_id(id), place }).collect();
    for (text, first, wanted) in [("", 2, 2), ("webcam", 2, 2), ("", 9, 3), ("webcam", 9, 3)] {
        let request = SearchRequest {
            pins: pins.clone(),
            pins_within: first,
            page: Page::new(0, first),
            ..asked(text)
        };
        let hits = now(both.engine.search(&both.suite.plan(&request))).unwrap();
        let shown = hits.hits.iter().filter(|hit| hit.pinned).count();
        assert_eq!(shown, wanted);
        let page = Page { start: Start::After(hits.next.unwrap()), limit: 500 };
        let rest = SearchRequest { page, pins_within: shown, ..request };
        let rest = now(both.engine.search(&both.suite.plan(&rest))).unwrap();
        let all: HashSet<_> = hits.hits.iter().chain(&rest.hits).map(|hit| hit.id).collect();
        assert_eq!(hits.hits.len() + rest.hits.len(), all.len(), "none twice");
        assert_eq!(
            (u64::try_from(all.len()).unwrap(), hits.total),
            (rest.total, rest.total),
            "{text} {first}"
        );
    }
}

#[test]
fn what_is_boosted_most_comes_first_and_what_is_buried_most_last() {
    let both = Both::new();
    let boosted = |text: &str, percent| {
        let brand = Condition::Is(Filter::Brand(vec!["zephyr".to_owned()]));
        both.ids(&SearchRequest { boosts: vec![Boost::by_percent(brand, percent); 50], ..asked(text) })
    };
    for text in ["", "webcam"] {
        let is_zephyr = |id: &u64| product(*id).brand.is_some_and(|brand| brand.handle == "zephyr");
        assert!(is_zephyr(boosted(text, 10_000).first().unwrap()), "{text}");
        assert!(is_zephyr(boosted(text, 1).last().unwrap()), "{text}");
    }
}

#[test]
fn a_mouse_is_a_mouse_before_it_is_a_pad_and_ties_go_by_id() {
    let both = Both::new();
    let first = both.ids(&asked("mouse"))[0];
    assert_eq!(first / 5 % 8, 3, "{first}");
    let names = both.ids(&SearchRequest { sort: Sort::Name, ..asked("") });
    assert_eq!(names[..5], [30, 31, 32, 33, 34]);
}

#[test]
fn prices_stock_and_products_change_and_are_seen_at_once() {
    let both = Both::new();
    let sequence = both.engine.follow(&both.suite.plan(&asked(""))).unwrap().sequence;
    assert_eq!(sequence, 200);
    both.apply(vec![
        live(201, 5, &[(0, 1, true), (1, 99_000, false)]),
        live(202, 6, &[(0, 7, false)]),
        live(203, 900, &[(0, 1, true)]),
    ]);
    assert_eq!(both.ids(&SearchRequest { sort: Sort::PriceAscending, ..asked("") })[..3], [199, 5, 6]);
    both.check_all();
    both.apply(vec![delete(204, 5), delete(205, 900)]);
    assert_eq!(both.check("deleted", &asked("")).total, 199);
    both.check_all();
    let mut back = product(5);
    back.title = "Turquoise zither".to_owned();
    both.apply(vec![both.suite.upsert(206, back.clone()), live(207, 5, &[(0, 3, true)])]);
    assert_eq!(both.ids(&asked("zither")), [5]);
    both.check_all();
    // What comes before the last whole change of a product is of no account.
    both.apply(vec![live(208, 5, &[(0, 4, true)]), both.suite.upsert(209, back.clone()), delete(210, 5)]);
    assert!(both.ids(&asked("zither")).is_empty());
    both.apply(vec![delete(211, 5), both.suite.upsert(212, back)]);
    assert_eq!(both.ids(&asked("zither")), [5]);
    both.check_all();
    assert_eq!(now(both.engine.apply(Vec::new())).unwrap(), 212);
    now(both.engine.wait_visible(212)).unwrap();
}

#[test]
fn an_engine_in_a_folder_goes_on_with_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let both = Both::over(Engine::open(folder.path()).unwrap());
    both.apply(vec![live(201, 5, &[(0, 1, true)]), live(202, 6, &[(0, 2, false)])]);
    // Prices are visible, and not durable before words are.
    assert_eq!(both.engine.durable_sequence(), 200);
    both.apply(vec![delete(203, 7), both.suite.upsert(204, product(6))]);
    assert_eq!(both.engine.durable_sequence(), 204);
    let Both { suite, engine } = both;
    drop(engine);
    let both = Both { suite, engine: Engine::open(folder.path()).unwrap() };
    assert_eq!(both.engine.durable_sequence(), 204);
    both.check_all();
    let mut kept = HashSet::new();
    both.engine.each_document(|document| assert!(kept.insert(document.id))).unwrap();
    assert_eq!(kept.len(), 199);
    both.apply(vec![both.suite.upsert(205, product(7)), live(206, 7, &[(0, 5, true)])]);
    both.check_all();
}

#[test]
fn a_folder_that_cannot_be_read_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(Both::over(Engine::open(folder.path()).unwrap()));
    for entry in std::fs::read_dir(folder.path().join("layout-1")).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("meta.json") {
            std::fs::write(path, "{").unwrap();
        }
    }
    let both = Both::over(Engine::open(folder.path()).unwrap());
    assert_eq!(both.check("begun anew", &asked("")).total, 200);
}

/// Where every product that holds one of the words is a hit, long lists are worked out as wholes; a pin of a product that is not
/// there changes nothing but that products are looked at one by one.
#[test]
fn lists_that_were_worked_out_answer_as_looking_at_each_product_does() {
    let (suite, engine) = (Suite::default(), Engine::in_memory().unwrap());
    // A few are of two kinds, of which there are many of each.
    let titled = |number: u64| match number % 220 {
        3 => SearchDocument { title: "Webcam keyboard".to_owned(), ..product(number) },
        _ => product(number),
    };
    let all = (0..2_400).map(|number| suite.upsert(1, titled(number)));
    now(engine.apply(all.collect())).unwrap();
    let brand = |percent| Boost::by_percent(Condition::Is(Filter::Brand(vec!["zephyr".to_owned()])), percent);
    let red = Condition::Is(Filter::Option { name: "colour".to_owned(), values: vec!["red".to_owned()] });
    let boosts = [vec![], vec![brand(110)], vec![brand(30), Boost::by_percent(red, 900)]];
    let ranges = [1_500, 3_000].map(|lt| Range { lt: Some(lt), ..Range::default() });
    let stars = ranges.map(|_| Range { gte: Some(300), ..Range::default() });
    let measures = [FacetRequest::PriceRanges(ranges.into()), FacetRequest::RatingRanges(stars.into())];
    let facets: Vec<FacetRequest> = facets().into_iter().chain(measures).collect();
    let words: Vec<&str> = WORDS.split(' ').collect();
    let compare = |number: usize, text: &str, page: Page| {
        let (boosts, facets) = (boosts[number % 3].clone(), facets.clone());
        let request = SearchRequest { facets, boosts, page, ..asked(text) };
        let plan = suite.plan(&request);
        let pins = vec![Pin { id: product_id(9_999), place: 0 }];
        let wanted = now(engine.search(&suite.plan(&SearchRequest { pins, ..request }))).unwrap();
        for _ in 0..3 {
            assert_eq!(now(engine.search(&plan)).unwrap(), wanted, "{text}");
            assert!(engine.glance(&plan).is_none_or(|glanced| glanced == wanted), "{text}");
        }
        (wanted.steps.len() > 1 && wanted.total > 300, engine.glance(&plan).is_some())
    };
    let compare_all = || {
        let (mut relaxed, mut glanced) = (0, 0);
        for (number, first) in words.iter().enumerate() {
            for apart in [3, 10, 17] {
                let second = words[(number * 7 + apart) % words.len()];
                let two = compare(number, &format!("{first} {second}"), Page::new(number % 5, 3));
                relaxed += u32::from(two.0);
                glanced += u32::from(two.0 && two.1);
            }
            compare(number, first, Page::new(0, 7));
        }
        assert_eq!(compare(1, "webcam keyboard", Page::new(0, 30)), (true, true));
        (relaxed, glanced)
    };
    let (relaxed, glanced) = compare_all();
    assert!(relaxed > 15 && glanced > 10, "{relaxed} {glanced}");
    let priced = vec![live(201, 5, &[(0, 1, true)]), live(202, 31, &[(0, 90_000, false), (1, 7, true)])];
    now(engine.apply(priced)).unwrap();
    compare_all();
    let moved = vec![delete(203, 6), delete(204, 40), suite.upsert(205, product(5))];
    now(engine.apply(moved)).unwrap();
    compare_all();
}

const WORDS: &str = "red mouse mice pads acme webcam wbecam webcm optcal mouze harddrive hard-drive har ddrive star tech \
    startech.com tn-20 tn20 nunez café table bolt & co navy blue the case for laptop notebok offices weighs 107 g unknownword \
    gaming keyboard purple 日本語 🎧 sku-17-2";

fn conditions() -> impl Strategy<Value = Condition> {
    let option = |name: &'static str, values: &'static [&'static str]| {
        prop::sample::subsequence(values, 1..=2).prop_map(move |values| {
            let values = values.into_iter().map(str::to_owned).collect();
            Condition::Is(Filter::Option { name: name.to_owned(), values })
        })
    };
    let attribute = |path: &[&str], test: AttributeTest| {
        Condition::Is(Filter::Attribute { path: path.iter().map(|key| (*key).to_owned()).collect(), test })
    };
    let leaf = prop_oneof![
        option("colour", &["red", "black", "grey", "navy blue", "white", "pink"]),
        option("size", &["s", "m", "l"]),
        prop::sample::select(vec!["acme", "zephyr", "nobody"])
            .prop_map(|brand| Condition::Is(Filter::Brand(vec![brand.to_owned()]))),
        any::<bool>().prop_map(|wanted| Condition::Is(Filter::InStock(wanted))),
        (900_i64..7_000, 1_i64..3_000).prop_map(|(gt, width)| {
            Condition::Is(Filter::Price(Range { gt: Some(gt), lte: Some(gt + width), ..Range::default() }))
        }),
        (0_u64..8).prop_map(|number| Condition::Category(vec![category(number), category(101)])),
        prop::sample::select(vec!["wool", "oak"])
            .prop_map(move |value| attribute(&["material"], AttributeTest::AnyOf(vec![json!(value)]))),
        (100_i32..150).prop_map(move |lt| {
            let range = Range { lt: Some(f64::from(lt)), ..Range::default() };
            attribute(&["weight"], AttributeTest::Within(range))
        }),
        (0_i64..6).prop_map(|stars| {
            Condition::Is(Filter::Rating(Range { gte: Some(stars * 100), ..Range::default() }))
        }),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Condition::Any),
            inner.prop_map(Condition::negated),
        ]
    })
}

pub fn facets() -> Vec<FacetRequest> {
    let keys = [
        FacetKey::Brand,
        FacetKey::Category,
        FacetKey::InStock,
        FacetKey::Option("colour".to_owned()),
        FacetKey::Option("size".to_owned()),
        FacetKey::Attribute(vec!["material".to_owned()]),
    ];
    let values = keys.into_iter().map(|key| FacetRequest::Values { key, limit: 4 });
    values.chain([FacetRequest::PriceHistogram { steps: 5 }]).collect()
}

pub fn requests() -> impl Strategy<Value = SearchRequest> {
    let words = prop::sample::select(WORDS.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let typed = prop::collection::vec(prop_oneof![4 => words, 1 => "[a-z0-9-]{0,8}", 1 => "\\PC{0,6}"], 0..5);
    let sorts = prop::sample::select(vec![
        Sort::Relevance,
        Sort::Relevance,
        Sort::Newest,
        Sort::PriceAscending,
        Sort::PriceDescending,
        Sort::Name,
        Sort::BestSelling,
        Sort::Rating,
    ]);
    let conditions = || prop::collection::vec(conditions(), 0..3);
    let pins = prop::collection::vec((0_u64..205, 0_usize..12), 0..3);
    let pages = prop_oneof![Just((0, 500)), (0_usize..40, 0_usize..20)];
    (typed, conditions(), conditions(), sorts, pins, pages).prop_map(
        |(typed, filters, groups, sort, pins, page)| SearchRequest {
            text: Some(typed.join(" ")),
            filters,
            groups,
            facets: facets(),
            sort,
            page: Page::new(page.0, page.1),
            pins: pins.into_iter().map(|(number, place)| Pin { id: product_id(number), place }).collect(),
            understand: false,
            ..SearchRequest::default()
        },
    )
}

#[test]
fn engines_agree_on_whatever_is_asked() {
    let both = Both::new();
    let config = Config { cases: 128, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let agree = |request: SearchRequest| {
        let checked = both.agree(&request);
        prop_assert!(checked.is_ok(), "{:?}", checked.err());
        Ok(())
    };
    runner.run(&requests(), agree).unwrap();
}
