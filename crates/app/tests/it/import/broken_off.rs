//! An import that is killed at any moment continues as if it had never been.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tradepost_app::import::{FileSource, Format, ImportOptions, ImportSource, run_import};

use super::{Shop, source};

const PRODUCTS: usize = 600;

/// Products with repeated titles, shared brands and, here and there, errors.
fn catalogue() -> String {
    let product = |number: usize| {
        let price = if number % 50 == 7 { "x".to_owned() } else { format!("{number}.90") };
        let title = number % 40;
        let sku = if number % 60 == 11 { 1 } else { number };
        format!("Shoe {title},Brand {},Top > Sub {},{price},S-{sku},{number}\n", number % 9, number % 7)
    };
    let rows: String = (1..=PRODUCTS).map(product).collect();
    format!("Title,Vendor,Product Category,Variant Price,Variant SKU,Variant Inventory Qty\n{rows}")
}

fn options() -> ImportOptions {
    ImportOptions { chunk_products: 25, ..ImportOptions::default() }
}

/// What is in the shop, without ids and times.
async fn state(shop: &Shop) -> (String, Vec<String>) {
    let lists = [
        "select concat_ws(' ', line, \"column\", code, number) from import_error order by number",
        "select concat_ws(' ', status, products_created, products_updated, products_unchanged, products_failed, rows_failed,
                record_offset, byte_offset) from import_run",
        "select type || count(*) from outbox group by type",
        "select handle || name || position from category order by handle",
        "select handle from brand order by handle",
        "select action || (after)::text from audit_log",
    ];
    let mut found = Vec::new();
    for list in lists {
        found.extend(shop.texts(list).await);
    }
    shop.client().await.batch_execute("update product set published_at = 'epoch'").await.unwrap();
    (shop.export(Format::ShopifyCsv).await, found)
}

/// Whether the run has ended. A transaction that was given up may still be on its way to be committed or rolled back: the
/// row's lock is waited for, so that the answer is the last word.
async fn ended(shop: &Shop) -> bool {
    shop.texts("select status from import_run for update").await == ["succeeded"]
}

async fn unbroken() -> (String, Vec<String>) {
    let shop = Shop::new().await;
    let report = shop.try_import(source("shoes.csv", &catalogue()), &options()).await.unwrap();
    assert!(report.counts.failed > 10 && report.counts.created > 500, "{:?}", report.counts);
    state(&shop).await
}

/// A file that fails after some bytes.
struct Failing(String, usize);

impl ImportSource for Failing {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let beginning = self.0.as_bytes().get(..self.1).unwrap_or_default().to_vec();
        Ok(Box::new(io::Cursor::new(beginning).chain(Broken)))
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn name(&self) -> String {
        "shoes.csv".to_owned()
    }
}

#[tokio::test]
async fn an_import_that_is_dropped_after_any_chunk_continues() {
    let expected = unbroken().await;
    let shop = Shop::new().await;
    let mut rounds = 0_u64;
    loop {
        // Given up in the middle of the second chunk of each round: its transaction is rolled back.
        let (sender, receiver) = tokio::sync::watch::channel(0_u64);
        let told = move |progress: &tradepost_app::import::Progress| {
            let _ = sender.send(progress.counts.record_offset);
        };
        let enough = async {
            let mut receiver = receiver;
            let start = rounds * 50;
            let _ = receiver.wait_for(|offset| *offset > start).await;
            tokio::time::sleep(Duration::from_millis(rounds % 7)).await;
        };
        let (source, options) = (source("shoes.csv", &catalogue()), options());
        let import = run_import(&shop.context, source, &options, &told);
        tokio::select! {
            report = import => { report.unwrap(); break }
            () = enough => rounds += 1,
        }
        // Given up while its end was being written, it may have ended all the same: a further round would be a second import.
        if ended(&shop).await {
            break;
        }
        assert!(rounds < 100);
    }
    assert!(rounds > 3, "it was broken off {rounds} times");
    assert_eq!(state(&shop).await, expected);
}

#[tokio::test]
async fn a_run_that_failed_says_so_and_continues() {
    let expected = unbroken().await;
    let shop = Shop::new().await;
    let content = catalogue();
    // The run has to be known by the hash of the whole file, as a worker's is that was stored by the API.
    let whole = source("shoes.csv", &content);
    let conn = shop.database.store.worker().conn().await.unwrap();
    let hash = tradepost_app::import::open::hash_source(whole.as_ref()).unwrap();
    let id = shop.context.ids.next();
    let new = tradepost_store::import_run::NewImportRun {
        id,
        format: "shopify-csv",
        file_hash: &hash,
        file_name: "shoes.csv",
        file_blob: None,
        file_bytes: None,
        dry_run: false,
        currency: Some("EUR"),
        location_id: None,
    };
    tradepost_store::import_run::insert(&conn, &new, shop.context.clock.now()).await.unwrap();
    let with_run = ImportOptions { run: Some(id), ..options() };
    let failing = Arc::new(Failing(content.clone(), content.len() / 2));
    let error = shop.try_import(failing, &with_run).await.unwrap_err();
    assert!(error.to_string().contains("the disk is gone"));
    assert_eq!(
        shop.texts("select status || ': ' || error from import_run").await,
        [format!("failed: {}", error.for_people())]
    );
    let report = shop.try_import(whole, &options()).await.unwrap();
    assert_eq!(report.id, Some(id));
    assert!(report.continued_from > 200, "{}", report.continued_from);
    assert_eq!(state(&shop).await, expected);
    let error = shop.try_import(source("shoes.csv", &content), &with_run).await.unwrap_err();
    assert!(error.to_string().contains("has ended"), "{error}");
}

/// Not a test of its own: the process that the next one kills.
#[tokio::test]
async fn imports_until_it_is_killed() {
    let (Ok(url), Ok(path)) = (std::env::var("TRADEPOST_KILLED_URL"), std::env::var("TRADEPOST_KILLED_FILE"))
    else {
        return;
    };
    let context = tradepost_app::import::ImportContext {
        store: tradepost_store::Store::new(&tradepost_store::StoreSettings::new(url)).unwrap(),
        clock: Arc::new(tradepost_testkit::SystemClock),
        ids: Arc::new(tradepost_testkit::RandomIds::default()),
    };
    run_import(&context, Arc::new(FileSource(path.into())), &options(), &|_| {}).await.unwrap();
}

#[tokio::test]
async fn kill_9_at_any_moment_loses_and_doubles_nothing() {
    let expected = unbroken().await;
    let shop = Shop::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shoes.csv");
    std::fs::write(&path, catalogue()).unwrap();
    let mut killed = 0;
    for round in 0_u64..60 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "import::broken_off::imports_until_it_is_killed"])
            .env("TRADEPOST_KILLED_URL", &shop.database.url)
            .env("TRADEPOST_KILLED_FILE", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(5 + round * 12 % 180)).await;
        if child.try_wait().unwrap().is_some_and(|status| status.success()) {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // It may have been killed when all was done: a further round would be a second import.
        if ended(&shop).await {
            break;
        }
    }
    // Whatever is left is done here.
    if !ended(&shop).await {
        shop.try_import(Arc::new(FileSource(path)), &options()).await.unwrap();
    }
    println!("killed {killed} times");
    assert!(killed > 0);
    assert_eq!(state(&shop).await, expected);
}
