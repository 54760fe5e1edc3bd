//! Guards the quality of search on the data for development, where that lies beside the project.

use std::path::{Path, PathBuf};

use tradepost_search::quality::{
    Bench, KnownItem, Quality, documents, gain, judgments, known_item, known_items, meanings, understood,
};
use tradepost_search::weights::Weights;

/// The data, or nothing with a message.
fn data() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found = ["../shared/data", "../../shared/data"].map(|place| root.join(place));
    let found = found.into_iter().find(|folder| folder.join("search/icecat.jsonl").exists());
    if found.is_none() {
        println!("skipped: ../shared/data/search is not there");
    }
    found
}

fn bench(folder: &Path, file: &str) -> Bench {
    Bench::new(documents(&folder.join(file)).unwrap(), Weights::default()).unwrap()
}

/// Every `n`-th query with all its errors: enough to see a fall, quick enough for every run.
fn some(items: Vec<KnownItem>, n: u32) -> Vec<KnownItem> {
    items.into_iter().filter(|item| item.number % n == 0).collect()
}

fn assert_forgiving(bench: &Bench, items: &[KnownItem]) {
    let scores = known_item(bench, items).unwrap();
    let one_edit = Quality::one_edit(&scores);
    assert!(one_edit.first() >= 0.95 && one_edit.ten() >= 0.98, "one edit: {one_edit:?}");
    for (kind, wanted) in [("clean", 0.98), ("join", 0.9), ("split", 0.88)] {
        let score = scores[kind];
        assert!(score.first() >= wanted, "{kind}: {score:?}");
    }
}

#[test]
fn judged_products_come_first_and_errors_are_forgiven_among_electronics() {
    let Some(folder) = data() else { return };
    let bench = bench(&folder, "search/icecat.jsonl");
    let gain = gain(&bench, &judgments(&folder.join("search/judgments-dev.csv")).unwrap()).unwrap();
    assert!(gain.raw >= 0.82 && gain.condensed >= 0.86, "{gain:?}");
    assert_forgiving(
        &bench,
        &some(known_items(&folder.join("search/typo-queries-icecat-dev.tsv")).unwrap(), 8),
    );
}

#[test]
fn errors_are_forgiven_and_conditions_understood_in_a_shop_of_many_things() {
    let Some(folder) = data() else { return };
    let bench = bench(&folder, "demo/products.jsonl");
    assert_forgiving(
        &bench,
        &some(known_items(&folder.join("search/typo-queries-retail-dev.tsv")).unwrap(), 8),
    );
    let score = understood(&bench, &meanings(&folder.join("search/query-understanding-dev.tsv")).unwrap());
    assert!(score.exact * 100 >= score.asked * 95, "not understood: {:?}", score.missed);
}
