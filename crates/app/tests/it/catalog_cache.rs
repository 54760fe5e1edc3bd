//! The caches: what changes is seen, what is overtaken is not kept, what many ask at once is asked once.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{sleep, timeout};
use tradepost_app::catalog::get_category::{CategoryAnswer, get_category};
use tradepost_app::catalog::get_product::{GetProduct, ProductAnswer, get_product};
use tradepost_app::catalog::list_products::{ListProducts, list_products};
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_app::catalog::{Catalog, Reference};
use tradepost_app::count_statements;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_testkit::ShelfProduct;

use crate::cut_wire::Wire;
use crate::reading::{Reading, json_of};

/// Changes the title of product 1 as the projector does: row, epoch and announcement in one transaction.
async fn retitle(reading: &Reading, title: &str, announce: bool) {
    let mut product = ShelfProduct::new(1);
    title.clone_into(&mut product.title);
    reading.shelf.client.batch_execute("begin").await.unwrap();
    reading.shelf.put(&product).await;
    let bump = "with bumped as (update catalog_epoch set epoch = epoch + 1 returning epoch)
                select case when $2 then pg_notify('tradepost_catalog_' || current_schema(),
                       json_build_object('epoch', epoch, 'products', array[$1::uuid])::text) end from bumped";
    reading.shelf.client.query(bump, &[&product.id.as_uuid(), &announce]).await.unwrap();
    reading.shelf.client.batch_execute("commit").await.unwrap();
}

async fn shown_title(reading: &Reading) -> (String, String) {
    let command = GetProduct { product: Reference::Handle("product-1".to_owned()), fields: None };
    let answer = get_product(&reading.catalog, &reading.shopper, command).await.unwrap();
    let ProductAnswer::Found(page) = answer else { panic!("{answer:?}") };
    let page: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
    let listing = list_products(&reading.catalog, &reading.shopper, ListProducts::default()).await.unwrap();
    let card = json_of(&listing)["data"][0]["title"].as_str().unwrap().to_owned();
    (page["title"].as_str().unwrap().to_owned(), card)
}

async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let wait = async {
        while !holds().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("{what}"));
}

async fn listening(reading: &Reading) -> CatalogListener {
    let listener = CatalogListener::spawn(reading.catalog.clone());
    until("the listener connects", async || reading.catalog.cache.stats().listening).await;
    listener
}

#[tokio::test]
async fn an_announced_change_is_seen_in_page_and_listing_and_nothing_else_is_asked_again() {
    let reading = Reading::new().await;
    reading.shelf.put(&ShelfProduct::new(1)).await;
    reading.shelf.put(&ShelfProduct::new(2)).await;
    let _listener = listening(&reading).await;
    assert_eq!(shown_title(&reading).await.0, "Product 1");
    let other = || {
        let command = GetProduct { product: Reference::Id(ShelfProduct::new(2).id), fields: None };
        count_statements(get_product(&reading.catalog, &reading.shopper, command))
    };
    assert_eq!(other().await.1, 1);
    // Far beyond what is served unheard: with a listener nothing grows old.
    reading.clock.advance(SignedDuration::from_secs(3600));
    assert_eq!(count_statements(shown_title(&reading)).await.1, 0);
    retitle(&reading, "Product 1 as new", true).await;
    until("the change is seen", async || shown_title(&reading).await.0 == "Product 1 as new").await;
    let listing = list_products(&reading.catalog, &reading.shopper, ListProducts::default()).await.unwrap();
    assert!(String::from_utf8_lossy(&listing.body).contains("Product 1 as new"));
    assert_eq!(other().await.1, 0, "the neighbour is still known");
    assert_eq!(reading.catalog.cache.stats().epoch, 2);
}

#[tokio::test]
async fn a_change_that_was_never_announced_is_found_by_the_heartbeat() {
    let reading = Reading::new().await;
    reading.shelf.put(&ShelfProduct::new(1)).await;
    let _listener = listening(&reading).await;
    shown_title(&reading).await;
    retitle(&reading, "Silent", false).await;
    until("the heartbeat tells", async || shown_title(&reading).await.0 == "Silent").await;
}

#[tokio::test]
async fn a_missing_page_costs_one_crawler_after_another_no_statement_and_is_there_when_it_is_written() {
    let reading = Reading::new().await;
    let _listener = listening(&reading).await;
    let by_handle = || Reference::Handle("product-1".to_owned());
    let read = |product| {
        let command = GetProduct { product, fields: None };
        count_statements(get_product(&reading.catalog, &reading.shopper, command))
    };
    let category = || {
        let category = Reference::Handle("nothing".to_owned());
        let (catalog, shopper) = (reading.catalog.clone(), reading.shopper.clone());
        count_statements(async move { get_category(&catalog, &shopper, &category).await.unwrap() })
    };
    assert_eq!(category().await.0, CategoryAnswer::NotFound);
    for product in [by_handle(), Reference::Id(ShelfProduct::new(1).id)] {
        let (answer, statements) = read(product.clone()).await;
        assert_eq!(answer.unwrap(), ProductAnswer::NotFound);
        assert!(statements > 0);
        let (answer, statements) = read(product).await;
        assert_eq!((answer.unwrap(), statements), (ProductAnswer::NotFound, 0));
    }
    assert_eq!(category().await, (CategoryAnswer::NotFound, 0));
    reading.clock.advance(SignedDuration::from_secs(6));
    assert!(read(by_handle()).await.1 > 0, "it is looked for again after five seconds");
    assert_eq!(read(by_handle()).await.1, 0);
    retitle(&reading, "Product 1", true).await;
    until("it is there", async || matches!(read(by_handle()).await.0, Ok(ProductAnswer::Found(_)))).await;
}

#[tokio::test]
async fn a_former_name_costs_no_statement_the_second_time() {
    let reading = Reading::new().await;
    let product = ShelfProduct::new(1);
    reading.shelf.put(&product).await;
    let former = "insert into handle_history (kind, handle, target_id, created_at) values ('product', 'former', $1, now())";
    reading.shelf.client.execute(former, &[&product.id.as_uuid()]).await.unwrap();
    let _listener = listening(&reading).await;
    let read = || {
        let command = GetProduct { product: Reference::Handle("former".to_owned()), fields: None };
        count_statements(get_product(&reading.catalog, &reading.shopper, command))
    };
    let moved = ProductAnswer::Moved { handle: "product-1".to_owned() };
    let (answer, statements) = read().await;
    assert_eq!((answer.unwrap(), statements), (moved.clone(), 2));
    let (answer, statements) = read().await;
    assert_eq!((answer.unwrap(), statements), (moved, 0));
}

#[tokio::test]
async fn after_the_connection_was_cut_what_happened_meanwhile_is_seen() {
    let reading = Reading::new().await;
    reading.shelf.put(&ShelfProduct::new(1)).await;
    let (mut wire, store) = Wire::to(&reading.database.url);
    let _listener = CatalogListener::spawn(Catalog { store, ..reading.catalog.clone() });
    until("the listener connects", async || reading.catalog.cache.stats().listening).await;
    shown_title(&reading).await;
    wire.cut();
    until("the cut is noticed", async || !reading.catalog.cache.stats().listening).await;
    retitle(&reading, "While deaf", true).await;
    assert_eq!(shown_title(&reading).await.0, "Product 1", "the clock stands still: it is young enough");
    wire.mend();
    until("the listener is back", async || shown_title(&reading).await.0 == "While deaf").await;
}

#[tokio::test]
async fn without_a_listener_nothing_older_than_a_second_is_served() {
    let reading = Reading::new().await;
    reading.shelf.put(&ShelfProduct::new(1)).await;
    shown_title(&reading).await;
    retitle(&reading, "Newer", true).await;
    reading.clock.advance(SignedDuration::from_millis(1000));
    assert_eq!(shown_title(&reading).await.0, "Product 1");
    reading.clock.advance(SignedDuration::from_millis(1));
    assert_eq!(shown_title(&reading).await, ("Newer".to_owned(), "Newer".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_many_ask_at_once_is_searched_once() {
    let reading = Reading::new().await;
    reading.shelf.put(&ShelfProduct::new(1)).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (catalog, shopper) = (reading.catalog.clone(), reading.shopper.clone());
            tokio::spawn(
                async move { list_products(&catalog, &shopper, ListProducts::default()).await.unwrap() },
            )
        })
        .collect();
    for task in tasks {
        assert!(!task.await.unwrap().body.is_empty());
    }
    assert_eq!(reading.search.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_that_race_with_changes_never_keep_what_is_gone() {
    let reading = Reading::new().await;
    reading.shelf.put(&ShelfProduct::new(1)).await;
    let _listener = listening(&reading).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (catalog, shopper) = (reading.catalog.clone(), reading.shopper.clone());
            tokio::spawn(async move {
                loop {
                    let product = Reference::Handle("product-1".to_owned());
                    get_product(&catalog, &shopper, GetProduct { product, fields: None }).await.unwrap();
                    list_products(&catalog, &shopper, ListProducts::default()).await.unwrap();
                    // Answers from memory never wait: without this nobody else would be let in.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for round in 1..=60 {
        let title = format!("Round {round}");
        retitle(&reading, &title, true).await;
        until("the epoch is heard", async || reading.catalog.cache.epoch() == round + 1).await;
        assert_eq!(shown_title(&reading).await, (title.clone(), title));
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);
}
