//! The cases.

use serde_json::json;
use tradepost_port::search::plan::{Boost, Collapse, Page, Pin};
use tradepost_port::search::{
    AttributeTest, Condition, FacetKey, FacetRequest, Filter, Range, SearchRequest, Sort,
};

use super::fixture::{category, collection, product_id};

/// A question, and how many products answer it where that can be told without an engine.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The question.
    pub request: SearchRequest,
    /// Products that answer it.
    pub total: Option<u64>,
}

/// More than there are products.
const ALL: usize = 500;

fn everything() -> SearchRequest {
    SearchRequest { page: Page::new(0, ALL), understand: false, ..SearchRequest::default() }
}

fn filtered(filters: Vec<Condition>) -> SearchRequest {
    SearchRequest { filters, ..everything() }
}

fn option(name: &str, values: &[&str]) -> Condition {
    Condition::Is(Filter::Option {
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    })
}

fn attribute(path: &[&str], test: AttributeTest) -> Condition {
    Condition::Is(Filter::Attribute { path: path.iter().map(|key| (*key).to_owned()).collect(), test })
}

fn price(gte: i64, lt: i64) -> Condition {
    Condition::Is(Filter::Price(Range { gte: Some(gte), lt: Some(lt), ..Range::default() }))
}

fn in_stock(wanted: bool) -> Condition {
    Condition::Is(Filter::InStock(wanted))
}

fn brand(handle: &str) -> Condition {
    Condition::Is(Filter::Brand(vec![handle.to_owned()]))
}

fn values(key: FacetKey) -> FacetRequest {
    FacetRequest::Values { key, limit: 100 }
}

fn option_key(name: &str) -> FacetKey {
    FacetKey::Option(name.to_owned())
}

fn attribute_key(path: &[&str]) -> FacetKey {
    FacetKey::Attribute(path.iter().map(|key| (*key).to_owned()).collect())
}

/// Every kind of facet.
fn all_facets() -> Vec<FacetRequest> {
    let up_to = |bounds: &[i64]| -> Vec<Range<i64>> {
        bounds.iter().map(|lt| Range { lt: Some(*lt), ..Range::default() }).collect()
    };
    vec![
        values(FacetKey::Brand),
        values(FacetKey::ProductType),
        values(FacetKey::Category),
        values(FacetKey::Collection),
        values(FacetKey::Tag),
        values(FacetKey::InStock),
        values(option_key("colour")),
        values(option_key("size")),
        values(attribute_key(&["material"])),
        values(attribute_key(&["weight"])),
        values(attribute_key(&["features"])),
        values(attribute_key(&["dimensions", "width"])),
        values(attribute_key(&["waterproof"])),
        FacetRequest::Categories { below: None, limit: 10 },
        FacetRequest::Categories { below: Some(category(100)), limit: 3 },
        FacetRequest::PriceRanges(up_to(&[1_500, 3_000, 9_000])),
        FacetRequest::PriceHistogram { steps: 7 },
        FacetRequest::RatingRanges(up_to(&[100, 300, 600])),
    ]
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |name: &str, request: SearchRequest, total: Option<u64>| {
        all.push(Case { name: name.to_owned(), request, total });
    };
    words(&mut add);
    filters(&mut add);
    facets(&mut add);
    orders(&mut add);
    places(&mut add);
    all
}

type Add<'a> = &'a mut dyn FnMut(&str, SearchRequest, Option<u64>);

fn words(add: Add<'_>) {
    for (text, total) in [
        ("webcam", Some(25)),
        ("webcams", Some(25)),
        ("red webcam acme", None),
        ("wbecam", Some(25)),
        ("optcal mouze", None),
        ("harddrive", Some(25)),
        ("har ddrive", None),
        ("star tech webcam", None),
        ("startech.com", Some(40)),
        ("tn-20", None),
        ("tn20", None),
        ("nunez cafe table", None),
        ("NÚÑEZ CAFÉ", None),
        ("bolt & co webcam", None),
        ("the case for a laptop", Some(25)),
        ("notebook", None),
        ("sku-17-2", None),
        ("unknownword webcam", None),
        ("unknownword", Some(0)),
        ("日本語 \u{202e} 🎧 mouse", None),
        ("  --  ", Some(200)),
    ] {
        add(&format!("words: {text}"), SearchRequest { text: Some(text.to_owned()), ..everything() }, total);
        if total == Some(25) {
            let request = SearchRequest {
                text: Some(text.to_owned()),
                groups: vec![option("colour", &["red"])],
                facets: all_facets(),
                ..everything()
            };
            add(&format!("words, a choice and facets: {text}"), request, None);
        }
    }
}

fn filters(add: Add<'_>) {
    let any_of = |values: &[serde_json::Value]| AttributeTest::AnyOf(values.to_vec());
    let within =
        |gte: f64, lt: f64| AttributeTest::Within(Range { gte: Some(gte), lt: Some(lt), ..Range::default() });
    let ratings = Range { gte: Some(300), ..Range::default() };
    for (name, conditions, total) in [
        ("nothing", vec![], Some(200)),
        ("brand", vec![brand("acme")], Some(40)),
        ("an unknown brand", vec![brand("nobody")], Some(0)),
        ("no brand to choose from", vec![Condition::Is(Filter::Brand(vec![]))], Some(0)),
        ("product type", vec![Condition::Is(Filter::ProductType(vec!["webcam".to_owned()]))], None),
        ("tag", vec![Condition::Is(Filter::Tag(vec!["sale".to_owned()]))], Some(50)),
        (
            "one of two tags",
            vec![Condition::Is(Filter::Tag(vec!["sale".to_owned(), "Büro".to_owned()]))],
            Some(80),
        ),
        ("category", vec![Condition::Category(vec![category(1)])], Some(25)),
        ("a category and what is below it", vec![Condition::Category(vec![category(100)])], Some(175)),
        ("collection", vec![Condition::Collection(vec![collection(0)])], Some(100)),
        ("products", vec![Condition::Product(vec![product_id(7), product_id(9), product_id(900)])], Some(2)),
        ("hidden products", vec![Condition::Product(vec![product_id(7)]).negated()], Some(199)),
        ("rating", vec![Condition::Is(Filter::Rating(ratings))], None),
        ("attribute", vec![attribute(&["material"], any_of(&[json!("wool")]))], Some(67)),
        ("one of two values", vec![attribute(&["material"], any_of(&[json!("wool"), json!("oak")]))], None),
        ("an item of a list", vec![attribute(&["features"], any_of(&[json!("usb")]))], Some(100)),
        ("a nested number", vec![attribute(&["dimensions", "width"], any_of(&[json!(4.0)]))], Some(20)),
        ("a truth", vec![attribute(&["waterproof"], any_of(&[json!(true)]))], None),
        ("a number is no text", vec![attribute(&["weight"], any_of(&[json!("107")]))], Some(0)),
        ("numbers within", vec![attribute(&["weight"], within(107.0, 121.5))], None),
        ("texts are not within", vec![attribute(&["material"], within(0.0, 1e9))], Some(0)),
        ("not an attribute", vec![attribute(&["material"], any_of(&[json!("wool")])).negated()], Some(133)),
        ("option", vec![option("colour", &["red"])], None),
        ("options of one variant", vec![option("colour", &["red"]), option("size", &["m"])], None),
        ("in stock", vec![in_stock(true)], None),
        ("sold out", vec![in_stock(false)], None),
        ("not in stock", vec![in_stock(true).negated()], None),
        ("a red M in stock", vec![option("colour", &["red"]), option("size", &["m"]), in_stock(true)], None),
        (
            "a red M that is sold out",
            vec![option("colour", &["red"]), option("size", &["m"]), in_stock(false)],
            None,
        ),
        ("one option twice", vec![option("size", &["m"]), option("size", &["l"])], Some(0)),
        ("an M of a price", vec![option("size", &["m"]), price(2_000, 2_400)], None),
        ("a price between those of the variants", vec![price(1_100, 1_200)], None),
        ("a variant that is not red", vec![option("colour", &["red"]).negated()], None),
        (
            "red or of wool",
            vec![Condition::Any(vec![
                option("colour", &["red"]),
                attribute(&["material"], any_of(&[json!("wool")])),
            ])],
            None,
        ),
        ("no alternative", vec![Condition::Any(vec![])], Some(0)),
    ] {
        add(&format!("filter: {name}"), filtered(conditions.clone()), total);
        if conditions.iter().any(Condition::is_about_variants) {
            let groups = SearchRequest { groups: conditions, facets: all_facets(), ..everything() };
            add(&format!("choices with facets: {name}"), groups, total);
        }
    }
}

fn facets(add: Add<'_>) {
    let with = |groups: Vec<Condition>| SearchRequest { groups, facets: all_facets(), ..everything() };
    add("facets of everything", with(vec![]), Some(200));
    add("a choice does not narrow its own facet", with(vec![brand("acme")]), Some(40));
    add("choices narrow each other's facets", with(vec![brand("acme"), option("size", &["m"])]), None);
    add(
        "three choices and a filter",
        SearchRequest {
            filters: vec![Condition::Category(vec![category(100)])],
            ..with(vec![brand("acme"), option("colour", &["red", "black"]), price(1_000, 4_000)])
        },
        None,
    );
    add("a category as a choice", with(vec![Condition::Category(vec![category(1)])]), Some(25));
    add("stock as a choice", with(vec![in_stock(true), option("size", &["l"])]), None);
    add("sold out as a choice", with(vec![in_stock(false), option("size", &["l"])]), None);
    add("facets of nothing", with(vec![brand("nobody")]), Some(0));
    let few = FacetRequest::Values { key: attribute_key(&["weight"]), limit: 3 };
    add("the most frequent values", SearchRequest { facets: vec![few], ..everything() }, Some(200));
    let none = FacetRequest::Values { key: FacetKey::Brand, limit: 0 };
    add("no values", SearchRequest { facets: vec![none], ..everything() }, Some(200));
    let steps = [1, 2, 1_000, 0].map(|steps| FacetRequest::PriceHistogram { steps });
    add("histograms", SearchRequest { facets: steps.into(), ..everything() }, Some(200));
    let many = (0..70).map(|_| in_stock(true)).collect();
    let many = SearchRequest { groups: many, ..everything() };
    add("more choices than an engine tells apart", many, None);
}

/// All orders.
pub const SORTS: [Sort; 7] = [
    Sort::Relevance,
    Sort::Newest,
    Sort::PriceAscending,
    Sort::PriceDescending,
    Sort::Name,
    Sort::BestSelling,
    Sort::Rating,
];

fn orders(add: Add<'_>) {
    for sort in SORTS {
        add(&format!("order: {sort:?}"), SearchRequest { sort, ..everything() }, Some(200));
        let words = SearchRequest { sort, text: Some("red mouse pad".to_owned()), ..everything() };
        add(&format!("order of hits of words: {sort:?}"), words, None);
        let page = SearchRequest { sort, page: Page::new(30, 7), ..everything() };
        add(&format!("a page: {sort:?}"), page, Some(200));
    }
    add("a page behind the end", SearchRequest { page: Page::new(1_000, 7), ..everything() }, Some(200));
    add("a page of nothing", SearchRequest { page: Page::new(0, 0), ..everything() }, Some(200));
    add("the last page", SearchRequest { page: Page::new(190, 10), ..everything() }, Some(200));
}

fn places(add: Add<'_>) {
    let pin = |number: u64, place: usize| Pin { id: product_id(number), place };
    let pinned = |pins: Vec<Pin>| SearchRequest { pins, ..everything() };
    add("a pin comes first", pinned(vec![pin(150, 0)]), Some(200));
    add("pins at places", pinned(vec![pin(150, 2), pin(3, 0), pin(77, 2)]), Some(200));
    add("a pin behind the end", pinned(vec![pin(150, 9_999)]), Some(200));
    add("a pin of nobody", pinned(vec![pin(900, 0)]), Some(200));
    add("a pin of nobody before one at the same place", pinned(vec![pin(900, 0), pin(150, 0)]), Some(200));
    let within = |pins: Vec<Pin>, pins_within| SearchRequest { pins_within, ..pinned(pins) };
    let three = || vec![pin(900, 0), pin(150, 1), pin(3, 9), pin(9, 7)];
    for first in 0..5 {
        add(&format!("pins within {first} hits"), within(three(), first), Some(200));
    }
    add("a pin twice", pinned(vec![pin(150, 0), pin(150, 5)]), Some(200));
    for offset in [0, 5, 10] {
        let request =
            SearchRequest { page: Page::new(offset, 5), ..pinned(vec![pin(150, 0), pin(3, 5), pin(9, 7)]) };
        add(&format!("pins on the page after {offset}"), request, Some(200));
    }
    let alone = SearchRequest { page: Page::new(0, 2), ..pinned(vec![pin(150, 0), pin(3, 1)]) };
    add("a page of pins alone", alone, Some(200));
    let words = |pins: Vec<Pin>| SearchRequest { text: Some("webcam".to_owned()), ..pinned(pins) };
    add("a pin that does not hold the words", words(vec![pin(0, 1)]), Some(26));
    add("a pin that does", words(vec![pin(6, 1)]), Some(25));
    add(
        "a pin that fails a filter is none",
        SearchRequest { filters: vec![brand("acme")], ..pinned(vec![pin(150, 0)]) },
        Some(40),
    );
    add(
        "a pin that fails a choice counts for that facet alone",
        SearchRequest { groups: vec![brand("acme")], facets: all_facets(), ..pinned(vec![pin(150, 0)]) },
        Some(40),
    );
    for number in [0, 6, 7] {
        let request = SearchRequest {
            groups: vec![brand("acme"), option("size", &["m"])],
            facets: all_facets(),
            ..words(vec![pin(number, 1), pin(150, 1), pin(12, 3)])
        };
        add(&format!("words, choices and facets: a pin of {number}"), request, None);
    }
    let relaxed =
        SearchRequest { text: Some("unknownword webcam".to_owned()), ..words(vec![pin(0, 1), pin(6, 2)]) };
    add("pins before hits of a later step", relaxed, None);
    add("pins are for relevance", SearchRequest { sort: Sort::Name, ..pinned(vec![pin(150, 0)]) }, Some(200));
    let boost =
        |condition, factor| SearchRequest { boosts: vec![Boost { condition, factor }], ..everything() };
    add("a boost", boost(brand("zephyr"), 100.0), Some(200));
    add("a burial", boost(option("colour", &["red"]), 0.0), Some(200));
    let many = |percent| vec![Boost::by_percent(brand("zephyr"), percent); 50];
    for percent in [1, 10_000] {
        let boosted = |text: Option<&str>| SearchRequest {
            text: text.map(str::to_owned),
            boosts: many(percent),
            ..everything()
        };
        add(&format!("many boosts of {percent}"), boosted(None), Some(200));
        add(&format!("words and many boosts of {percent}"), boosted(Some("webcam")), Some(25));
    }
    let collapsed = |key, keep| SearchRequest { collapse: Some(Collapse { key, keep }), ..everything() };
    add("one of each brand", collapsed(FacetKey::Brand, 1), Some(200));
    add("two of each colour", collapsed(option_key("colour"), 2), Some(200));
    add("none that have a type", collapsed(FacetKey::ProductType, 0), Some(200));
    let page = SearchRequest {
        page: Page::new(3, 4),
        sort: Sort::PriceAscending,
        ..collapsed(attribute_key(&["material"]), 3)
    };
    add("a page of some of each material", page, Some(200));
}
