//! The pipeline above the engine: conditions out of words, what is dropped when nothing is left, synonyms, and what comes later.

use std::sync::Arc;

use tradepost_port::search::plan::{Boost, Page, Pin, Scoring, Start, StepKind};
use tradepost_port::search::{
    CatalogSearch, Change, ChangeKind, Condition, Filter, Interpreted, SearchAnswer, SearchDocument,
    SearchRequest, Sort, Synonym, Treatment,
};
use tradepost_search::conformance::{product, product_id, products};
use tradepost_search::engine::Engine;
use tradepost_search::knowledge::Knowledge;
use tradepost_search::shelf::Shelf;

use crate::now;

fn upsert(sequence: i64, document: SearchDocument) -> Change {
    Change { sequence, id: document.id, kind: ChangeKind::Upsert(Box::new(document)) }
}

fn shelf() -> Shelf {
    let knowledge = Knowledge::of_all(&products(), &"en".parse().unwrap());
    let shelf = Shelf::new(Arc::new(Engine::in_memory().unwrap()), knowledge, 2);
    now(shelf.fill((1..).zip(products()).map(|(sequence, document)| upsert(sequence, document)).collect()))
        .unwrap();
    shelf.settle().unwrap();
    shelf
}

fn asked(text: &str) -> SearchRequest {
    SearchRequest { text: Some(text.to_owned()), page: Page::new(0, 500), ..SearchRequest::default() }
}

fn ask(shelf: &Shelf, request: &SearchRequest) -> SearchAnswer {
    now(shelf.search(request)).unwrap()
}

fn documents(answer: &SearchAnswer) -> Vec<SearchDocument> {
    answer
        .hits
        .hits
        .iter()
        .map(|hit| products().into_iter().find(|product| product.id == hit.id).unwrap())
        .collect()
}

fn chips(answer: &SearchAnswer) -> Vec<(&str, Treatment)> {
    answer
        .interpreted
        .iter()
        .map(|Interpreted { label, treatment, .. }| (label.as_str(), *treatment))
        .collect()
}

fn has_red_below(document: &SearchDocument, price: i64) -> bool {
    document
        .variants
        .iter()
        .any(|variant| variant.price <= price && variant.options.iter().any(|option| option.value == "Red"))
}

#[test]
fn conditions_in_words_become_filters_that_one_variant_meets() {
    let answer = ask(&shelf(), &asked("red webcams under $40"));
    assert_eq!(
        chips(&answer),
        [("Red", Treatment::Filter), ("webcam", Treatment::Boost), ("under $40", Treatment::Filter)]
    );
    let found = documents(&answer);
    assert!(!found.is_empty() && found.iter().all(|document| has_red_below(document, 4_000)));
    assert!(found[0].title.contains("webcam"));
    let all =
        products().into_iter().filter(|it| it.title.contains("webcam") && has_red_below(it, 4_000)).count();
    assert_eq!(found.iter().filter(|document| document.title.contains("webcam")).count(), all);
}

#[test]
fn a_brand_is_a_filter_only_where_it_sells_what_is_asked_for() {
    let shelf = shelf();
    let answer = ask(&shelf, &asked("zephyr webcam"));
    assert_eq!(chips(&answer), [("Zephyr", Treatment::Filter), ("webcam", Treatment::Boost)]);
    assert!(documents(&answer).iter().all(|document| document.title.starts_with("Zephyr")));
    let answer = ask(&shelf, &asked("zephyr offices"));
    assert_eq!(chips(&answer), []);
    assert!(answer.hits.total > 0);
}

#[test]
fn the_least_that_has_to_go_goes_when_nothing_meets_all_conditions() {
    let shelf = shelf();
    let treated = |text: &str| {
        let answer = ask(&shelf, &asked(text));
        let treatments = answer.interpreted.iter().map(|found| (found.label.clone(), found.treatment));
        (treatments.collect::<Vec<_>>(), documents(&answer))
    };
    let said = |label: &str, treatment| (label.to_owned(), treatment);
    // No webcam costs so little, whatever its colour: the colour stays.
    let (chips, found) = treated("red webcam under $1");
    let kept = [
        said("Red", Treatment::Filter),
        said("webcam", Treatment::Boost),
        said("under $1", Treatment::Dropped),
    ];
    assert_eq!(chips, kept);
    assert!(found[0].title.contains("webcam") && has_red_below(&found[0], i64::MAX));
    // Some cost less than the cheapest red one: the colour is weaker than the price.
    let cheapest = |is_red: bool| {
        let prices =
            products().into_iter().filter(|it| it.title.contains("webcam")).flat_map(|it| it.variants);
        let prices =
            prices.filter(|variant| !is_red || variant.options.iter().any(|option| option.value == "Red"));
        prices.map(|variant| variant.price).min().unwrap()
    };
    let bound = cheapest(true) - 1;
    assert!(cheapest(false) <= bound, "a cheaper webcam of another colour");
    let (chips, found) = treated(&format!("red webcam under ${}.{:02}", bound / 100, bound % 100));
    assert_eq!((chips[0].1, chips[2].1), (Treatment::Dropped, Treatment::Filter));
    assert!(found[0].title.contains("webcam"));
    assert_eq!(ask(&shelf, &asked("nonsense under $1")).hits.total, 0);
}

/// Who asks for an optical mouse under a dollar is shown optical mice, and not whatever costs so little and has one of the words.
#[test]
fn a_condition_goes_before_words_are_left_out() {
    let shelf = shelf();
    let mut cheap = product(1);
    cheap.id = product_id(905);
    cheap.title = "Sticker for a mouse".to_owned();
    cheap.variants.truncate(1);
    cheap.variants.iter_mut().for_each(|variant| variant.price = 50);
    now(shelf.apply(vec![upsert(905, cheap)])).unwrap();
    let answer = ask(&shelf, &asked("optical mouse under $1"));
    assert_eq!(answer.hits.hits[0].step, StepKind::Exact, "{:?}", answer.interpreted);
    assert_eq!(answer.interpreted.last().map(|found| found.treatment), Some(Treatment::Dropped));
}

#[test]
fn a_condition_goes_before_a_known_word_is_taken_for_another() {
    let shelf = shelf();
    let mut near = product(1);
    near.id = product_id(904);
    near.title = "Webcap".to_owned();
    near.variants.truncate(1);
    near.variants.iter_mut().for_each(|variant| variant.price = 50);
    now(shelf.apply(vec![upsert(904, near)])).unwrap();
    let answer = ask(&shelf, &asked("webcam under $1"));
    assert_eq!(answer.interpreted.last().map(|found| found.treatment), Some(Treatment::Dropped));
    assert_eq!(answer.hits.hits.first().map(|hit| hit.step), Some(StepKind::Exact));
    assert!(answer.hits.hits.iter().all(|hit| hit.id != product_id(904)));
    // One that is not known is corrected, and the price stays.
    let answer = ask(&shelf, &asked("webcab under $1"));
    let ids: Vec<_> = answer.hits.hits.iter().map(|hit| hit.id).collect();
    assert_eq!(ids, [product_id(904)]);
    assert_eq!(answer.interpreted.last().map(|found| found.treatment), Some(Treatment::Filter));
}

/// Who asks for a webcam of a size is shown webcams, not boards of that size: they hold four of the five words.
#[test]
fn what_is_looked_for_stays_when_words_are_left_out() {
    let shelf = shelf();
    let boards = (906..940).map(|number| {
        let mut board = product(1);
        board.id = product_id(number);
        board.title = "Cutting board 41 x 26 cm wide".to_owned();
        (board.categories, board.product_type) = (Vec::new(), None);
        upsert(i64::try_from(number).unwrap(), board)
    });
    now(shelf.apply(boards.collect())).unwrap();
    let answer = ask(&shelf, &asked("wide webcam 41 x 26 cm"));
    assert_eq!(chips(&answer), [("webcam", Treatment::Filter)]);
    let found = documents(&answer);
    assert!(found.len() > 10 && found.iter().all(|found| found.title.contains("webcam")));
    assert!(answer.hits.hits.iter().all(|hit| hit.step == StepKind::Relaxed));
    // Said not to be meant, it is a word like the others.
    let as_word = SearchRequest { as_words: vec!["webcam".to_owned()], ..asked("wide webcam 41 x 26 cm") };
    assert!((906..940).any(|number| ask(&shelf, &as_word).hits.hits[0].id == product_id(number)));
    // Where all words are met, what comes first is still only what comes first.
    let answer = ask(&shelf, &asked("board 41 x 26 cm"));
    assert_eq!((chips(&answer), answer.hits.hits[0].step), (Vec::new(), StepKind::Exact));
    // A word that names it is not taken for another one.
    let mut near = product(1);
    (near.id, near.title) = (product_id(941), "Wide webcap".to_owned());
    (near.categories, near.product_type) = (Vec::new(), None);
    now(shelf.apply(vec![upsert(941, near)])).unwrap();
    let answer = ask(&shelf, &asked("wide webcam"));
    assert_eq!(chips(&answer), [("webcam", Treatment::Filter)]);
    assert!(documents(&answer).iter().all(|found| found.title.contains("webcam")));
    assert_eq!(ask(&shelf, &asked("wide webcan")).hits.hits[0].step, StepKind::Corrected);
    // Nor beside a word that no product has.
    let answer = ask(&shelf, &asked("webcam wode"));
    assert_eq!(chips(&answer), [("webcam", Treatment::Filter)]);
}

#[test]
fn what_was_chosen_is_surer_than_what_was_read() {
    let black = Filter::Option { name: "colour".to_owned(), values: vec!["black".to_owned()] };
    let request = SearchRequest { groups: vec![Condition::Is(black)], ..asked("red webcam") };
    let answer = ask(&shelf(), &request);
    assert_eq!(chips(&answer)[0], ("Red", Treatment::Dropped));
    let is_black = |document: &SearchDocument| {
        document.variants.iter().flat_map(|variant| &variant.options).any(|option| option.value == "Black")
    };
    assert!(answer.hits.total > 0 && documents(&answer).iter().all(is_black));
}

#[test]
fn what_is_not_wanted_and_shades_are_understood_and_can_be_left_alone() {
    let shelf = shelf();
    let answer = ask(&shelf, &asked("webcam -red"));
    let other = |document: &SearchDocument| {
        document.variants.iter().any(|variant| variant.options.iter().all(|option| option.value != "Red"))
    };
    assert!(answer.hits.total > 0 && documents(&answer).iter().all(other));
    let answer = ask(&shelf, &asked("crimson webcam"));
    assert_eq!(chips(&answer)[0], ("Red", Treatment::Filter));
    let plain = ask(&shelf, &SearchRequest { understand: false, ..asked("red webcam under $40") });
    assert!(plain.interpreted.is_empty());
}

#[test]
fn a_model_number_keeps_its_form_beside_no_condition() {
    let shelf = shelf();
    for typed in ["TN-27", "tn27", "tn 27"] {
        let answer = ask(&shelf, &asked(typed));
        assert_eq!(answer.hits.hits[0].id, product_id(7), "{typed}");
    }
}

#[test]
fn corrections_are_told() {
    let shelf = shelf();
    assert_eq!(ask(&shelf, &asked("wbecam")).corrections, [("wbecam".to_owned(), "webcam".to_owned())]);
    assert_eq!(ask(&shelf, &asked("webcam")).corrections, []);
    // Of a question whose words are not all met, what no product has may be something else altogether.
    let lens = (941..944).map(|number| {
        let mut lens = product(1);
        (lens.id, lens.title) = (product_id(number), "Mews lens".to_owned());
        upsert(number.cast_signed(), lens)
    });
    now(shelf.apply(lens.collect())).unwrap();
    let told = |text| ask(&shelf, &asked(text)).corrections;
    let corrected = |typed: &str, meant: &str| vec![(typed.to_owned(), meant.to_owned())];
    assert_eq!(told("mens lens"), corrected("mens", "mews"));
    assert_eq!(told("mens webcam"), []);
    assert_eq!(told("blakc webcam for 77 monitors"), corrected("blakc", "black"));
}

#[test]
fn other_orders_show_no_poor_matches_while_there_are_good_ones() {
    let request = SearchRequest { sort: Sort::PriceAscending, ..asked("webcam purple") };
    let shelf = shelf();
    let answer = ask(&shelf, &request);
    assert!(documents(&answer).iter().all(|document| document.title.contains("webcam")));
    let answer = ask(&shelf, &SearchRequest { sort: Sort::Name, ..asked("red mouse pad") });
    assert!(answer.hits.total > 0);
    assert!(documents(&answer).iter().all(|document| document.title.contains("mouse pad")));
}

#[test]
fn a_product_that_comes_later_is_found_corrected_and_suggested_at_once() {
    let shelf = shelf();
    let mut new = product(3);
    new.title = "Zither Deluxe".to_owned();
    new.id = product_id(777);
    assert_eq!(now(shelf.apply(vec![upsert(201, new)])).unwrap(), 201);
    now(shelf.wait_visible(201)).unwrap();
    assert_eq!(ask(&shelf, &asked("zihter")).hits.hits[0].id, product_id(777));
    assert_eq!(shelf.suggest("delu", 5)[0].text, "Zither Deluxe");
    now(shelf.apply(vec![Change { sequence: 202, id: product_id(777), kind: ChangeKind::Delete }])).unwrap();
    assert_eq!(ask(&shelf, &asked("zither")).hits.total, 0);
    assert!(shelf.suggest("delu", 5).is_empty());
}

#[test]
fn words_that_were_looked_up_before_are_answered_at_a_glance_and_see_every_change() {
    let shelf = shelf();
    let request = asked("optical mouse");
    assert!(shelf.glance(&request).is_none(), "nobody looked them up");
    let before = ask(&shelf, &request);
    assert_eq!(shelf.glance(&request), Some(before.clone()));
    let other_words = ask(&shelf, &asked("mouse optical"));
    assert_eq!(other_words.hits.total, before.hits.total);

    let mut new = product(1);
    new.id = product_id(901);
    new.title = "Optical mouse of tomorrow".to_owned();
    now(shelf.apply(vec![upsert(901, new.clone())])).unwrap();
    assert!(shelf.glance(&request).is_none(), "what was looked up is of another state of the index");
    let more = ask(&shelf, &request);
    assert_eq!(more.hits.total, before.hits.total + 1);
    assert_eq!(shelf.glance(&request).as_ref(), Some(&more));

    // The same words in the same index are paid otherwise.
    let scoring = Scoring { title: 0.0, core: 0.0, ..shelf.scoring() };
    let paid = ask(&shelf, &SearchRequest { scoring: Some(scoring), ..request.clone() });
    let score = |answer: &SearchAnswer| answer.hits.hits.iter().map(|hit| hit.score).fold(0.0, f32::max);
    assert!(score(&paid) < score(&more), "{} {}", score(&paid), score(&more));

    let gone = Change { sequence: 902, id: new.id, kind: ChangeKind::Delete };
    now(shelf.apply(vec![gone])).unwrap();
    assert_eq!(ask(&shelf, &request).hits.total, before.hits.total);
}

#[test]
fn a_word_is_known_anew_when_more_is_learnt() {
    let shelf = shelf();
    let total = |text: &str| ask(&shelf, &asked(text)).hits.total;
    assert_eq!(total("zyxwvu"), 0);
    let mut new = product(1);
    new.id = product_id(903);
    new.title = "Zyxwvut".to_owned();
    now(shelf.apply(vec![upsert(903, new)])).unwrap();
    assert_eq!(total("zyxwvu"), 1, "it goes on to the word that came");
}

#[test]
fn synonyms_find_what_is_called_otherwise() {
    let shelf = shelf();
    let of = |text: &str| ask(&shelf, &asked(text)).hits.total;
    let camera = of("camera");
    shelf.take_synonyms(vec![Synonym::TwoWay(vec!["camera".to_owned(), "webcam".to_owned()])]);
    assert_eq!((camera, of("cameras")), (0, of("webcam")));
}

fn pin(number: u64, place: usize) -> Pin {
    Pin { id: product_id(number), place }
}

#[test]
fn a_pin_keeps_no_condition_that_leaves_nothing_else() {
    let shelf = shelf();
    let cheap = |document: &SearchDocument| document.variants.iter().any(|variant| variant.price <= 1_200);
    let other = products().into_iter().find(|it| cheap(it) && !it.title.contains("webcam")).unwrap();
    let pins = vec![Pin { id: other.id, place: 0 }];
    let plain = asked("webcam under $12");
    let (bare, pinned) = (ask(&shelf, &plain), ask(&shelf, &SearchRequest { pins, ..plain }));
    assert_eq!(chips(&bare), chips(&pinned));
    assert!(pinned.hits.hits[0].pinned && pinned.hits.total > 1, "{:?}", chips(&pinned));
}

#[test]
fn a_pin_makes_no_poor_match_a_good_one() {
    let request = SearchRequest { pins: vec![pin(0, 0)], ..asked("unknownword webcam") };
    let steps = ask(&shelf(), &request).hits.steps;
    let taken: Vec<_> = steps.iter().filter(|(_, count)| *count > 0).map(|(step, _)| *step).collect();
    assert_eq!(taken, [StepKind::Relaxed], "{steps:?}");
}

#[test]
fn what_the_shop_demands_is_no_choice_of_the_shopper() {
    let colours = ["red", "black"].map(str::to_owned).into();
    let demand = Condition::Is(Filter::Option { name: "colour".to_owned(), values: colours });
    let request = SearchRequest { demands: vec![demand], ..asked("red webcam") };
    let answer = ask(&shelf(), &request);
    assert_eq!(chips(&answer)[0], ("Red", Treatment::Filter));
    assert!(documents(&answer).iter().all(|document| has_red_below(document, i64::MAX)));
}

#[test]
fn a_list_goes_on_in_its_order_when_boosts_begin_or_end() {
    let shelf = shelf();
    let brand = Condition::Is(Filter::Brand(vec!["zephyr".to_owned()]));
    let boosts = vec![Boost { condition: brand, factor: 50.0 }];
    for (first, then) in [(vec![], boosts.clone()), (boosts, vec![])] {
        let listing = SearchRequest { text: None, page: Page::new(0, 30), ..asked("") };
        let page = ask(&shelf, &SearchRequest { boosts: first, ..listing.clone() }).hits;
        let start = Start::After(page.next.unwrap());
        let rest = SearchRequest { boosts: then, page: Page { start, limit: 500 }, ..listing };
        assert_eq!(ask(&shelf, &rest).hits.total, 200);
        let after = ask(&shelf, &rest).hits.hits;
        assert!(!after.is_empty() && after.len() <= 170 + 40, "{}", after.len());
    }
}
