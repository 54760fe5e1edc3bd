//! Order and pages of the listing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{handles, listing, put, texts};

const SORTS: [&str; 6] = ["relevance", "newest", "price", "-price", "name", "best_selling"];

/// Products of which several share each price, popularity and time.
async fn shelf(count: i64) -> TestApp {
    let app = TestApp::new().await;
    for number in 0..count {
        let more = json!({"handle": format!("p{number:02}"), "popularity": number % 4});
        put(&app, &format!("Product {}", number % 5), 1000 + number % 3, more).await;
        app.clock.advance(jiff::SignedDuration::from_secs(number % 2));
    }
    app.project().await;
    app
}

#[tokio::test]
async fn every_sort_orders_by_what_it_names() {
    let app = TestApp::new().await;
    for (title, cents, popularity) in [("Cap", 300, 5), ("apron", 100, 1), ("Belt", 200, 9)] {
        put(&app, title, cents, json!({"popularity": popularity})).await;
        app.clock.advance(jiff::SignedDuration::from_secs(60));
    }
    app.project().await;
    for (sort, expected) in [
        ("newest", ["belt", "apron", "cap"]),
        ("price", ["apron", "belt", "cap"]),
        ("-price", ["cap", "belt", "apron"]),
        ("name", ["apron", "belt", "cap"]),
        ("best_selling", ["belt", "cap", "apron"]),
        ("relevance", ["belt", "cap", "apron"]),
    ] {
        assert_eq!(handles(&app, &format!("sort={sort}")).await, expected, "{sort}");
    }
    assert_eq!(handles(&app, "").await, ["belt", "cap", "apron"]);
}

/// The handles of all pages, one after the other.
async fn walk(app: &TestApp, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = listing(app, &format!("{query}&limit={limit}{cursor}")).await;
        let here = texts(&page["data"], "handle");
        assert!(here.len() <= limit);
        seen.extend(here);
        assert_eq!(page["page"]["limit"], limit);
        let next = page["page"]["next"].as_str();
        assert_eq!(page["page"]["has_more"], Value::from(next.is_some()));
        let Some(next) = next else { return seen };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn pages_of_every_sort_and_size_together_are_the_list_without_overlap() {
    let app = shelf(17).await;
    for sort in SORTS {
        let query = format!("sort={sort}");
        let whole = handles(&app, &format!("{query}&limit=100")).await;
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 17, "{sort}");
        for limit in [1, 3, 16, 17, 18] {
            assert_eq!(walk(&app, &query, limit).await, whole, "{sort} by {limit}");
        }
    }
    let words = handles(&app, "q=product&limit=100").await;
    assert_eq!((words.len(), walk(&app, "q=product", 4).await), (17, words));
    let filtered = handles(&app, "filter[price][gte]=1001&sort=price&limit=100").await;
    assert_eq!(walk(&app, "filter[price][gte]=1001&sort=price", 2).await, filtered);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let app = shelf(4).await;
    let next = listing(&app, "sort=price&limit=1").await["page"]["next"].as_str().unwrap().to_owned();
    let beyond = listing(&app, &format!("sort=price&limit=3&cursor={next}")).await;
    assert_eq!(beyond["data"].as_array().unwrap().len(), 3, "a page may have another size");
    for query in
        ["sort=name", "sort=price&filter[in_stock]=true", "sort=price&q=product", "sort=price&locale=de"]
    {
        let refused = app.get(&format!("/api/products?{query}&limit=1&cursor={next}")).send().await;
        super::assert_refused(&refused, 400, "invalid_cursor", "cursor", query);
    }
}

#[tokio::test]
async fn a_list_is_counted_when_that_is_asked() {
    let app = shelf(7).await;
    let counted = listing(&app, "limit=2&count=exact").await;
    assert_eq!(counted["page"]["total"], 7);
    assert_eq!(listing(&app, "limit=2&count=exact&filter[price][lt]=1001").await["page"]["total"], 3);
    assert!(listing(&app, "limit=2").await["page"].get("total").is_none());
    let next = counted["page"]["next"].as_str().unwrap();
    assert_eq!(listing(&app, &format!("limit=2&count=exact&cursor={next}")).await["page"]["total"], 7);
}
