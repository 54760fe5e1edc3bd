//! Large files: bounded memory, a constant number of statements, several imports at once.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tradepost_app::import::{ImportOptions, ImportSource, run_import};
use tradepost_store::db::count_statements;

use super::{Shop, counts, source};

/// A file that is made while it is read, and counts how far the reader is ahead of what is committed.
struct Generated {
    products: u64,
    description: String,
    read: Arc<AtomicU64>,
}

impl ImportSource for Generated {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self.read.store(0, Ordering::SeqCst);
        Ok(Box::new(Lines {
            next: 0,
            products: self.products,
            description: self.description.clone(),
            rest: Vec::new(),
            read: Arc::clone(&self.read),
        }))
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn name(&self) -> String {
        "generated.jsonl".to_owned()
    }
}

struct Lines {
    next: u64,
    products: u64,
    description: String,
    rest: Vec<u8>,
    read: Arc<AtomicU64>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.next < self.products {
            let number = self.next;
            self.next += 1;
            self.rest = format!(
                "{{\"title\": \"Thing {number}\", \"price\": 1, \"description\": \"{}\"}}\n",
                self.description
            )
            .into_bytes();
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        self.read.fetch_add(u64::try_from(count).unwrap(), Ordering::SeqCst);
        Ok(count)
    }
}

#[tokio::test]
async fn the_reader_never_runs_further_ahead_than_three_chunks() {
    let shop = Shop::new().await;
    let read = Arc::new(AtomicU64::new(0));
    // 120 MB in descriptions of 100 kB: chunks end by their bytes, not by their products.
    let file = Generated { products: 1_200, description: "x".repeat(100_000), read: Arc::clone(&read) };
    let furthest = AtomicU64::new(0);
    let report = run_import(&shop.context, Arc::new(file), &ImportOptions::default(), &|progress| {
        if progress.counts.byte_offset > 0 {
            let ahead = read.load(Ordering::SeqCst).saturating_sub(progress.counts.byte_offset);
            furthest.fetch_max(ahead, Ordering::SeqCst);
        }
    })
    .await
    .unwrap();
    assert_eq!(counts(&report), [1_200, 0, 0, 0]);
    let furthest = furthest.load(Ordering::SeqCst);
    assert!(furthest < 16 * 1024 * 1024, "{furthest} bytes of the file were in memory");
}

fn lines(products: std::ops::Range<u32>, price: u32) -> String {
    let line = |number: u32| {
        format!(
            "{{\"handle\": \"p-{number}\", \"title\": \"P\", \"brand\": \"B {}\", \"variants\": [{{\"sku\": \"{number}\", \
             \"price\": {price}, \"stock\": 1}}]}}\n",
            number % 5
        )
    };
    products.map(line).collect()
}

#[tokio::test]
async fn statements_do_not_grow_with_the_products() {
    let mut counted = Vec::new();
    for products in [20, 400] {
        let shop = Shop::new().await;
        let options = ImportOptions::default();
        let first = source("a.jsonl", &lines(0..products, 1));
        let (_, created) = count_statements(shop.try_import(first, &options)).await;
        let second = source("b.jsonl", &lines(0..products, 2));
        let (report, updated) = count_statements(shop.try_import(second, &options)).await;
        assert_eq!(counts(&report.unwrap()), [0, u64::from(products), 0, 0]);
        counted.push((created, updated));
    }
    assert_eq!(counted[0], counted[1]);
}

#[tokio::test]
async fn two_imports_of_the_same_products_at_once_agree() {
    let shop = Shop::new().await;
    let options = ImportOptions { chunk_products: 50, ..ImportOptions::default() };
    let (left, right) = tokio::join!(
        shop.try_import(source("a.jsonl", &lines(0..500, 1)), &options),
        shop.try_import(source("b.jsonl", &lines(0..500, 2)), &options),
    );
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!(left.counts.created + right.counts.created, 500);
    assert_eq!((left.counts.failed, right.counts.failed), (0, 0));
    assert_eq!(shop.texts("select count(*)::text from product").await, ["500"]);
    assert_eq!(shop.texts("select count(*)::text from brand").await, ["5"]);
    let versions = shop.texts("select distinct version::text from product order by 1").await;
    assert_eq!(versions.last().map(String::as_str), Some("2"));
}
