//! An import through the API whose database goes away and comes back goes on where it stopped.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tradepost_app::import::{
    Format, ImportCreate, ImportRetention, ImportWorker, UploadWriter, create_import,
};
use tradepost_app::{Actor, Origin, Shop, ShopParts, StaffContext};
use tradepost_domain::kernel::Currency;
use tradepost_port::fake::{MemoryBlobs, UntouchedImages};
use tradepost_store::local::{Durability, LocalServer, LocalServerConfig};
use tradepost_store::{Store, StoreSettings, migrate};
use tradepost_testkit::{RandomIds, SystemClock};

/// The last product of the second chunk is of a brand that is made only while nobody holds the gate.
const GATE: &str = "
    create function wait_at_gate() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock(42); return new; end $$;
    create trigger gate before insert on brand for each row when (new.handle = 'late')
        execute function wait_at_gate();";
/// Longer than any machine takes; the end of the wait is a failure, not an outcome.
const PATIENCE: Duration = Duration::from_mins(2);

async fn start(folder: &Path) -> LocalServer {
    let config = LocalServerConfig::new(folder.join("server"), Durability::Disposable);
    tokio::task::spawn_blocking(move || LocalServer::start(&config).unwrap()).await.unwrap()
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn text(client: &tokio_postgres::Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Asks until the answer is the expected one.
async fn until(client: &tokio_postgres::Client, sql: &str, expected: &str) {
    let asking = async {
        while text(client, sql).await != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never {expected}: {sql}"));
}

fn shop(url: &str, folder: &Path) -> Arc<Shop> {
    Arc::new(Shop::new(ShopParts {
        store: Store::new(&StoreSettings::new(url)).unwrap(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds::default()),
        blobs: Arc::new(MemoryBlobs::default()),
        images: Arc::new(UntouchedImages),
        uploads: folder.join("uploads"),
        exports: folder.join("exports"),
        cache_bytes: 0,
        checkout: tradepost_app::Checkout::new(Vec::new()),
        mailer: Arc::new(tradepost_port::fake::RecordedMails::default()),
        staff_mail: None,
        mail_templates: tradepost_app::mail::MailTemplates::new(
            "Test shop",
            std::collections::BTreeMap::new(),
        )
        .unwrap(),
        public_url: "https://shop.example.com".to_owned(),
        rate_limits: None,
        egress: std::sync::Arc::new(tradepost_port::fake::ScriptedEgress::default()),
        search: tradepost_testkit::shelves(),
        seals: tradepost_testkit::seals(),
    }))
}

async fn upload(shop: &Arc<Shop>, lines: String) {
    let mut writer = UploadWriter::begin(shop).await.unwrap();
    writer.write(&Bytes::from(lines)).await.unwrap();
    let (upload, hash) = writer.finish().await.unwrap();
    let file_name = "many.jsonl".to_owned();
    let create = ImportCreate { upload, hash, file_name, format: Format::JsonLines, dry_run: false };
    let actor = Actor::System;
    let context = StaffContext { shop: shop.clone(), actor, origin: Origin::default(), claim: None };
    create_import(&context, create).await.unwrap();
}

#[tokio::test]
async fn an_outage_in_the_middle_of_a_chunk_only_makes_an_import_wait() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let url = server.url("postgres");
    migrate::migrate(&url).await.unwrap();
    let client = connect(&url).await;
    client.batch_execute(GATE).await.unwrap();
    client.batch_execute("select pg_advisory_lock(42)").await.unwrap();
    let shop = shop(&url, folder.path());
    super::add_web_channel(&shop.store, Currency::EUR).await;
    let line = |number: u32| {
        let brand = if number == 2_100 { ", \"brand\": \"Late\"" } else { "" };
        format!("{{\"title\": \"P\", \"price\": {number}{brand}}}\n")
    };
    upload(&shop, (1..=2_100).map(line).collect()).await;
    let (end, told) = oneshot::channel::<()>();
    let worker = ImportWorker::new(shop.clone(), ImportRetention::default());
    let working = tokio::spawn(async move {
        worker
            .run(async {
                let _ = told.await;
            })
            .await;
    });
    until(&client, "select count(*)::text from pg_locks where objid = 42 and not granted", "1").await;
    // The brand of the second chunk is made while the first is written.
    until(&client, "select record_offset::text from import_run", "2000").await;

    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    let files = || std::fs::read_dir(folder.path().join("uploads")).unwrap().count();
    assert_eq!(files(), 1, "the file stays while the database is away");
    let server = start(folder.path()).await;
    let client = connect(&server.url("postgres")).await;
    until(&client, "select status from import_run", "succeeded").await;
    let done = "select concat_ws(' ', products_created, products_unchanged, products_failed, record_offset, error is null,
                                 byte_offset = file_bytes) from import_run";
    assert_eq!(text(&client, done).await, "2100 0 0 2100 t t");
    assert_eq!(text(&client, "select count(*)::text from product").await, "2100");
    end.send(()).unwrap();
    tokio::time::timeout(PATIENCE, working).await.expect("it ends in time").unwrap();
    assert_eq!(files(), 0, "the file goes when it is done");
}
