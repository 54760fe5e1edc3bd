//! How fast an import is, beside two limits measured in turn with it on the same durable PostgreSQL:
//! `file`, the file's own bytes copied into a table of one column; `rows`, the rows that the import made copied into the
//! same tables with their indexes and foreign keys, in one transaction.
//!
//! ```text
//! cargo run --release -p tradepost-app --example import_speed -- 100000 csv 3
//! ```
//!
//! `SPEED_URL_OPTIONS` is appended to the connection string, to see what a setting of the server is worth.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a measurement that stops at the first trouble and prints ratios"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_postgres::{Client, NoTls};
use tradepost_adapters::{RandomIds, SystemClock};
use tradepost_app::import::{FileSource, ImportContext, ImportOptions, run_import};
use tradepost_domain::kernel::Currency;
use tradepost_store::local::{Durability, LocalServer, LocalServerConfig};
use tradepost_store::{Store, StoreSettings, migrate};

const TABLES: [&str; 6] = ["product", "product_media", "variant", "price", "stock_level", "outbox"];
const WORDS: [&str; 24] = [
    "rugged", "light", "soft", "bright", "warm", "steady", "classic", "woven", "quiet", "sharp", "round",
    "slim", "jacket", "lamp", "bottle", "chair", "kettle", "boot", "scarf", "tent", "brush", "clock", "bowl",
    "shelf",
];

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn words(&mut self, count: u64) -> String {
        let words = (0..count).map(|_| WORDS[usize::try_from(self.below(24)).unwrap()]);
        words.collect::<Vec<_>>().join(" ")
    }
}

const CSV_HEADER: &str = "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
     Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
     Variant Fulfillment Service,Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,\
     Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,SEO Title,SEO Description,Variant Weight Unit,Status\n";

/// One product of one to five variants, as either format has it; the mean of 2.4 is that of the shared demo catalogue.
fn product(number: u64, csv: bool, out: &mut String) {
    let mut dice = Dice(number);
    let title = dice.words(4);
    let body = dice.words(45);
    let (brand, kind) = (dice.below(200), dice.below(60));
    let variants = [1, 1, 1, 2, 2, 3, 4, 5][usize::try_from(dice.below(8)).unwrap()];
    let price = dice.below(20_000) + 100;
    let (whole, cents) = (price / 100, price % 100);
    if csv {
        for variant in 0..variants {
            if variant == 0 {
                write!(out, "p-{number}-{kind},{title},<p>{body}</p>,Brand {brand},Group {} > Kind {kind},Kind {kind},\"new, kind {kind}\",TRUE,Size,", kind % 9).unwrap();
            } else {
                write!(out, "p-{number}-{kind},,,,,,,,,").unwrap();
            }
            write!(out, "Size {variant},S-{number}-{variant},{},shopify,{},deny,manual,{whole}.{cents:02},,TRUE,TRUE,,", 100 + variant, dice.below(90)).unwrap();
            if variant == 0 {
                writeln!(out, "https://cdn.example/{number}.jpg,1,{title},FALSE,,,g,active").unwrap();
            } else {
                writeln!(out, ",,,,,,g,").unwrap();
            }
        }
        return;
    }
    write!(out, "{{\"id\": \"{number}\", \"handle\": \"p-{number}-{kind}\", \"title\": \"{title}\", \"description\": \"{body}\", \"brand\": \"Brand {brand}\", \"category\": [\"Group {}\", \"Kind {kind}\"], \"type\": \"Kind {kind}\", \"colour\": \"red\", \"price\": {whole}.{cents:02}, \"popularity\": {}, \"image\": \"https://cdn.example/{number}.jpg\", \"variants\": [", kind % 9, number % 100).unwrap();
    for variant in 0..variants {
        let comma = if variant == 0 { "" } else { ", " };
        write!(out, "{comma}{{\"sku\": \"S-{number}-{variant}\", \"options\": {{\"Size\": \"Size {variant}\"}}, \"price\": {whole}.{cents:02}, \"compare_at\": null, \"stock\": {}}}", dice.below(90)).unwrap();
    }
    out.push_str("]}\n");
}

async fn copy_in(client: &Client, sql: &str, chunks: impl Iterator<Item = Bytes>) {
    let sink = client.copy_in::<_, Bytes>(sql).await.unwrap();
    futures_util::pin_mut!(sink);
    for chunk in chunks {
        sink.feed(chunk).await.unwrap();
    }
    sink.finish().await.unwrap();
}

/// The file as rows of one column, committed.
async fn copy_file(client: &Client, path: &Path) -> Duration {
    client.batch_execute("drop table if exists raw; create table raw (line text)").await.unwrap();
    let mut file = std::fs::File::open(path).unwrap();
    let chunks = std::iter::from_fn(move || {
        let mut chunk = vec![0; 65_536];
        let count = std::io::Read::read(&mut file, &mut chunk).unwrap();
        chunk.truncate(count);
        (count > 0).then(|| Bytes::from(chunk))
    });
    let start = Instant::now();
    // Quotation and separation by signs that do not occur: every line is one value.
    copy_in(client, "copy raw from stdin with (format csv, delimiter e'\\x01', quote e'\\x02')", chunks)
        .await;
    start.elapsed()
}

/// The rows of the import again, each table by one COPY, all in one transaction.
async fn copy_rows(client: &Client) -> Duration {
    let mut dumped = Vec::new();
    for table in TABLES {
        let stream = client.copy_out(&format!("copy {table} to stdout binary")).await.unwrap();
        let chunks: Vec<Bytes> = stream.map(Result::unwrap).collect().await;
        dumped.push((table, chunks));
    }
    client.batch_execute("truncate product, outbox cascade; checkpoint").await.unwrap();
    let start = Instant::now();
    client.batch_execute("begin").await.unwrap();
    for (table, chunks) in dumped {
        copy_in(client, &format!("copy {table} from stdin binary"), chunks.into_iter()).await;
    }
    client.batch_execute("commit").await.unwrap();
    start.elapsed()
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown");
    line.trim().to_owned()
}

fn write_file(path: &Path, products: u64, csv: bool) {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut text = if csv { CSV_HEADER.to_owned() } else { String::new() };
    for number in 0..products {
        product(number, csv, &mut text);
        file.write_all(text.as_bytes()).unwrap();
        text.clear();
    }
    file.flush().unwrap();
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let products: u64 = arguments.next().map_or(100_000, |text| text.parse().expect("a number of products"));
    let csv = arguments.next().is_none_or(|format| format == "csv");
    let rounds: usize = arguments.next().map_or(3, |text| text.parse().expect("a number of rounds"));
    let chunk: usize = arguments.next().map_or(2_000, |text| text.parse().expect("products of a chunk"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(if csv { "speed.csv" } else { "speed.jsonl" });
    write_file(&path, products, csv);
    let bytes = std::fs::metadata(&path).unwrap().len();
    let server_folder = std::path::PathBuf::from(format!("/var/tmp/tradepost-speed-{}", std::process::id()));
    let config = LocalServerConfig::new(&server_folder, Durability::Durable);
    let server = tokio::task::spawn_blocking(move || LocalServer::start(&config).unwrap()).await.unwrap();
    let url = format!("{}{}", server.url("postgres"), std::env::var("SPEED_URL_OPTIONS").unwrap_or_default());
    migrate::migrate(&url).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let context = ImportContext {
        store: Store::new(&StoreSettings::new(&url)).unwrap(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds::default()),
    };
    let options =
        ImportOptions { currency: Some(Currency::EUR), chunk_products: chunk, ..ImportOptions::default() };
    println!("{products} products, {bytes} bytes, {rounds} rounds, chunks of {chunk}");
    let mut memory = String::new();
    let mut taken: [Vec<f64>; 3] = Default::default();
    for _ in 0..rounds {
        client.batch_execute("truncate product, outbox, import_run cascade; vacuum; checkpoint").await.ok();
        let file = copy_file(&client, &path).await;
        client.batch_execute("truncate product, outbox, import_run cascade").await.unwrap();
        client.batch_execute("checkpoint").await.unwrap();
        let start = Instant::now();
        let report =
            run_import(&context, Arc::new(FileSource(path.clone())), &options, &|_| {}).await.unwrap();
        let import = start.elapsed();
        assert_eq!(
            (report.counts.created, report.counts.failed),
            (products, 0),
            "{:?}",
            report.errors.first()
        );
        // Before the rows are held in memory to be copied again.
        if memory.is_empty() {
            memory = peak_memory();
        }
        let rows = copy_rows(&client).await;
        for (list, time) in taken.iter_mut().zip([file, import, rows]) {
            list.push(time.as_secs_f64());
        }
        println!("file {file:.2?}  import {import:.2?}  rows {rows:.2?}");
    }
    let again = Instant::now();
    let report = run_import(&context, Arc::new(FileSource(path.clone())), &options, &|_| {}).await.unwrap();
    println!("the same file again: {:.2?}, {} unchanged", again.elapsed(), report.counts.unchanged);
    for list in &mut taken {
        list.sort_by(f64::total_cmp);
    }
    let [file, import, rows] = taken.map(|list| list[list.len() / 2]);
    println!(
        "median: import {:.0} products/s; of `file` {:.3}, of `rows` {:.3}; peak memory {}",
        products as f64 / import,
        file / import,
        rows / import,
        memory
    );
    drop(context);
    drop(client);
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    std::fs::remove_dir_all(&server_folder).unwrap();
}
