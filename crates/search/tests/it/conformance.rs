//! Every engine finds the same products at the same steps: Tantivy beside the oracle, over a fixed shop of 200 products.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tradepost_port::search::plan::StepKind;
use tradepost_search::document::{Attribute, SearchDocument};
use tradepost_search::engine::Engine;
use tradepost_search::knowledge::Knowledge;
use tradepost_search::oracle::{Hit, Oracle};
use tradepost_search::pipeline;
use tradepost_search::weights::Weights;

const BRANDS: [&str; 5] = ["Acme", "Bolt & Co", "Núñez", "StarTech.com", "Zephyr"];
const TYPES: [&str; 8] = [
    "hard drive",
    "webcam",
    "mouse pad",
    "optical mouse",
    "gaming keyboard",
    "laptop case",
    "AA battery",
    "café table",
];
const COLOURS: [&str; 5] = ["red", "black", "grey", "navy blue", "white"];

fn products() -> Vec<SearchDocument> {
    let mut products = Vec::new();
    for (b, brand) in BRANDS.into_iter().enumerate() {
        for (t, kind) in TYPES.into_iter().enumerate() {
            for (c, colour) in COLOURS.into_iter().enumerate() {
                products.push(SearchDocument {
                    id: format!("{b}{t}{c}"),
                    title: format!("{brand} {kind} TN-{}{t}{c} {colour}", b + 2),
                    brand: brand.to_owned(),
                    types: vec![kind.to_owned()],
                    attributes: vec![Attribute { name: "Colour".to_owned(), value: colour.to_owned() }],
                    description: format!("Made for offices, weighs {} g. Goes with every notebok.", 100 + c),
                    popularity: if c == 0 { 1.0 } else { 0.0 },
                });
            }
        }
    }
    products
}

struct Both {
    knowledge: Knowledge,
    engine: Engine,
    oracle: Oracle,
}

impl Both {
    fn new() -> Self {
        let products = products();
        let (knowledge, parsed) = Knowledge::learn(&products, &"en".parse().unwrap());
        let weights = Weights::default();
        Self {
            engine: Engine::build(&products, &parsed, &knowledge, weights.clone()).unwrap(),
            oracle: Oracle::new(&products, &parsed, &knowledge, weights),
            knowledge,
        }
    }

    fn ask(&self, query: &str, page: (usize, usize)) -> (Vec<Hit>, Vec<Hit>) {
        let plan = pipeline::plan(query, &self.knowledge, &Weights::default(), page);
        (self.engine.search(&plan).unwrap(), self.oracle.search(&plan))
    }

    fn found(&self, query: &str) -> Vec<Hit> {
        self.ask(query, (0, 200)).0
    }
}

fn steps(hits: &[Hit]) -> BTreeSet<(StepKind, &str)> {
    hits.iter().map(|hit| (hit.step, hit.id.as_str())).collect()
}

const QUERIES: [&str; 36] = [
    "",
    "mouse",
    "mice",
    "red mouse",
    "red mouse pad acme",
    "mouse pads",
    "batteries",
    "aa",
    "webcam webcam",
    "wbecam",
    "webcm red",
    "optcal mouze",
    "harddrive",
    "hard-drive",
    "har ddrive",
    "star tech webcam",
    "startech.com",
    "tn-200",
    "tn200",
    "tn 200",
    "tn2",
    "nunez cafe table",
    "NÚÑEZ CAFÉ",
    "bolt and co webcam",
    "bolt & co",
    "navy blue case",
    "the case for a laptop",
    "with",
    "notebook",
    "notebok",
    "offices",
    "weighs 102 g",
    "unknownword",
    "unknownword webcam",
    "gaming keyboard purple zephyr wireless",
    "日本語 \u{202e} 🎧 mouse",
];

#[test]
fn engines_find_the_same_products_at_the_same_steps() {
    let both = Both::new();
    for query in QUERIES {
        let (engine, oracle) = both.ask(query, (0, 200));
        assert_eq!(steps(&engine), steps(&oracle), "{query}");
        assert_eq!(engine.len(), oracle.len(), "{query}: a product twice");
    }
}

#[test]
fn engines_agree_on_whatever_is_typed() {
    let both = Both::new();
    let config = Config { cases: 64, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let words = prop::sample::select(QUERIES.join(" ").split(' ').map(str::to_owned).collect::<Vec<_>>());
    let typed = prop::collection::vec(prop_oneof![words, "[a-z0-9-]{0,8}", "\\PC{0,6}"], 0..20);
    let agree = |typed: Vec<String>| {
        let query = typed.join(" ");
        let (engine, oracle) = both.ask(&query, (0, 200));
        prop_assert_eq!(steps(&engine), steps(&oracle), "{}", query);
        Ok(())
    };
    runner.run(&typed, agree).unwrap();
}

#[test]
fn later_steps_never_come_before_earlier_ones() {
    let both = Both::new();
    for query in QUERIES {
        let hits = both.found(query);
        assert!(hits.windows(2).all(|pair| pair[0].step <= pair[1].step), "{query}");
    }
}

#[test]
fn pages_neither_overlap_nor_leave_anything_out() {
    let both = Both::new();
    for query in ["mouse", "red webcam", "optcal mouze", ""] {
        let all: Vec<String> = both.ask(query, (0, 60)).0.into_iter().map(|hit| hit.id).collect();
        let pages = (0..6).flat_map(|page| both.ask(query, (page * 10, 10)).0).map(|hit| hit.id);
        let pages: Vec<String> = pages.collect();
        assert_eq!(pages, all[..pages.len()], "{query}");
    }
}

#[test]
fn the_better_selling_one_of_equals_comes_first_and_then_the_earlier_one() {
    let both = Both::new();
    let ids: Vec<String> = both.found("").into_iter().map(|hit| hit.id).collect();
    assert_eq!(ids[..3], ["000", "010", "020"]);
    assert_eq!(ids[40..43], ["001", "002", "003"]);
}

#[test]
fn a_mouse_is_a_mouse_before_it_is_a_pad() {
    let both = Both::new();
    let first = &both.found("mouse")[0].id;
    assert_eq!(&first[1..2], "3", "{first}");
}

#[test]
fn an_empty_page_is_no_error() {
    let both = Both::new();
    assert!(both.ask("mouse", (0, 0)).0.is_empty());
    assert!(both.ask("mouse", (10_000, 10)).0.is_empty());
}
