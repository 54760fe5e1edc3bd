//! Prints how fast a shelf of many products is: filling, searches, listings with facets, suggestions, and how long a change takes
//! to be seen. The products are those of `search/icecat.jsonl` and `demo/products.jsonl` of a folder, again and again under new
//! names: `cargo run --release -p tradepost-search --example shelf-speed -- ../shared/data 100000`.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_port::search::plan::Page;
use tradepost_port::search::{
    CatalogSearch, Change, ChangeKind, Condition, FacetKey, FacetRequest, Filter, Live, LiveVariant, Range,
    SearchDocument, SearchRequest, Sort,
};
use tradepost_search::engine::Engine;
use tradepost_search::knowledge::Knowledge;
use tradepost_search::pipeline;
use tradepost_search::quality::{QualityError, documents, known_items};
use tradepost_search::shelf::Shelf;
use tradepost_search::weights::Weights;

fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// So many products: every retail product once, then electronics under ever new numbers.
fn products(folder: &Path, count: usize) -> Result<Vec<SearchDocument>, QualityError> {
    let retail = documents(&folder.join("demo/products.jsonl"))?;
    let electronics = documents(&folder.join("search/icecat.jsonl"))?;
    let all = retail.iter().chain(electronics.iter().cycle()).take(count);
    let numbered = (1_u128..).zip(all).map(|(number, (_, document))| {
        let mut document = document.clone();
        document.id = ProductId::from_uuid(uuid::Uuid::from_u128(number));
        document.popularity = i64::try_from(number * 7_919 % 1_000).unwrap_or_default();
        document.title = format!("{} {}", document.title, number % 997);
        document
    });
    Ok(numbered.collect())
}

fn upsert(sequence: i64, document: &SearchDocument) -> Change {
    Change { sequence, id: document.id, kind: ChangeKind::Upsert(Box::new(document.clone())) }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    println!("{what:<44} p50 {:>9.1?}  p99 {:>9.1?}  of {}", at(50), at(99), times.len());
}

fn timed<T>(all: impl Iterator<Item = T>, mut each: impl FnMut(T)) -> Vec<Duration> {
    all.map(|it| {
        let started = Instant::now();
        each(it);
        started.elapsed()
    })
    .collect()
}

fn facets() -> Vec<FacetRequest> {
    let keys = [
        FacetKey::Brand,
        FacetKey::Category,
        FacetKey::InStock,
        FacetKey::Option("colour".to_owned()),
        FacetKey::Option("size".to_owned()),
        FacetKey::Attribute(vec!["Gender".to_owned()]),
    ];
    let values = keys.into_iter().map(|key| FacetRequest::Values { key, limit: 20 });
    values.chain([FacetRequest::PriceHistogram { steps: 10 }]).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let count = arguments.next().and_then(|count| count.to_str()?.parse().ok()).unwrap_or(100_000);
    let products = products(&folder, count)?;
    let started = Instant::now();
    let knowledge = Knowledge::of_all(&products, &"en".parse()?);
    println!("learning {count} products {:?}", started.elapsed());
    let plain = knowledge.clone();
    let shelf = Shelf::new(Arc::new(Engine::in_memory()?), knowledge, 2);
    for batch in products.chunks(5_000) {
        ready(shelf.fill(batch.iter().map(|document| upsert(1, document)).collect()))?;
    }
    println!("and indexing them {:?}", started.elapsed());
    shelf.settle()?;
    println!("and building suggestions {:?}", started.elapsed());

    let queries = known_items(&folder.join("search/typo-queries-icecat-dev.tsv"))?;
    let queries: Vec<&str> = queries.iter().map(|query| query.typed.as_str()).collect();
    report(
        "planning, with and without errors",
        timed(queries.iter(), |query| {
            pipeline::plan(query, &plain, &Weights::default());
        }),
    );
    ask(&shelf, &queries, &products);
    change(&shelf, &products);
    Ok(())
}

fn ask(shelf: &Shelf, queries: &[&str], products: &[SearchDocument]) {
    let search = |request: SearchRequest| {
        let _ = ready(shelf.search(&request));
    };
    let words = |text: &str| SearchRequest { text: Some(text.to_owned()), ..SearchRequest::default() };
    report("searches, with and without errors", timed(queries.iter(), |query| search(words(query))));
    let two = two_words(products);
    report("two words of one title", timed(two.iter(), |query| search(words(query))));
    report("again", timed(two.iter().cycle().take(two.len() * 10), |query| search(words(query))));
    report(
        "the same with facets",
        timed(two.iter(), |query| {
            search(SearchRequest { facets: facets(), ..words(query) });
        }),
    );
    let wide = ["cable", "black", "hp", "usb", "case", "a"].into_iter().cycle().take(60);
    report(
        "searches that find very much, with facets",
        timed(wide, |text| {
            search(SearchRequest { facets: facets(), ..words(text) });
        }),
    );
    listings(shelf);
    let typed = queries
        .iter()
        .flat_map(|query| (1..=8).map(|letters| query.chars().take(letters).collect::<String>()));
    report(
        "suggestions after 1 to 8 letters",
        timed(typed, |typed| {
            shelf.suggest(&typed, 10);
        }),
    );
}

/// The first and the last plain word of titles, no pair twice.
fn two_words(products: &[SearchDocument]) -> BTreeSet<String> {
    let pairs = products.iter().step_by(products.len() / 5_000 + 1).filter_map(|product| {
        let plain = |word: &&str| word.len() > 2 && word.chars().all(|letter| letter.is_ascii_alphabetic());
        let words: Vec<&str> = product.title.split_whitespace().filter(plain).collect();
        Some(format!("{} {}", words.first()?, words.last()?).to_lowercase())
    });
    pairs.collect()
}

/// Lists without words: pages alone, and with all that is counted beside them.
fn listings(shelf: &Shelf) {
    let search = |request: SearchRequest| {
        let is_filtered = !request.filters.is_empty() || !request.groups.is_empty();
        let found = ready(shelf.search(&request));
        assert!(found.is_ok_and(|found| is_filtered || !found.hits.hits.is_empty()), "nothing is no measure");
    };
    let list = || SearchRequest { counted: false, ..SearchRequest::default() };
    report(
        "pages of everything, newest first",
        timed(0..1_000, |_| search(SearchRequest { sort: Sort::Newest, ..list() })),
    );
    let from = |gte: i64| Condition::Is(Filter::Price(Range { gte: Some(gte), ..Range::default() }));
    for (what, sort) in
        [("pages from a price on, cheapest", Sort::PriceAscending), ("the same, newest", Sort::Newest)]
    {
        report(
            what,
            timed(0..1_000, |cents| {
                search(SearchRequest { sort, filters: vec![from(cents * 20)], ..list() });
            }),
        );
    }
    report(
        "lists of a price with facets, never asked",
        timed(0..50, |cents| {
            let groups = vec![from(cents * 20)];
            search(SearchRequest { groups, facets: facets(), ..SearchRequest::default() });
        }),
    );
    report(
        "listings of everything with facets",
        timed(0..50, |_| {
            search(SearchRequest { facets: facets(), ..SearchRequest::default() });
        }),
    );
    let red = Condition::Is(Filter::Option { name: "colour".to_owned(), values: vec!["red".to_owned()] });
    report(
        "listings of a choice with facets",
        timed(0..50, |_| {
            let groups = vec![red.clone()];
            search(SearchRequest { groups, facets: facets(), ..SearchRequest::default() });
        }),
    );
    report(
        "listings of a filter",
        timed(0..100, |_| {
            let page = Page::new(40, 20);
            search(SearchRequest { filters: vec![red.clone()], page, ..list() });
        }),
    );
}

fn change(shelf: &Shelf, products: &[SearchDocument]) {
    let changed = products.iter().step_by(products.len() / 200 + 1);
    report(
        "a changed product until it is seen",
        timed(changed.clone(), |document| {
            let _ = ready(shelf.apply(vec![upsert(2, document)]));
        }),
    );
    report(
        "a changed stock until it is seen",
        timed(changed, |document| {
            let variants = document.variants.iter();
            let variants =
                variants.map(|it| LiveVariant { id: it.id, price: it.price + 1, in_stock: !it.in_stock });
            let kind = ChangeKind::Live(Live { variants: variants.collect() });
            let _ = ready(shelf.apply(vec![Change { sequence: 3, id: document.id, kind }]));
        }),
    );
}
