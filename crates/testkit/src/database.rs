//! A database for each test: a schema of its own in one disposable PostgreSQL that the test process starts.
//!
//! The migrations are replayed into the schema, which takes half the time of a database per test. With
//! `TRADEPOST_TEST_DATABASE_URL` set, that server is used instead.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use tokio_postgres::NoTls;
use tradepost_store::local::{Durability, LocalServer, LocalServerConfig};
use tradepost_store::{Sql, Store, StoreSettings, migrate};

/// Ends with the process; the kernel then ends the server.
static SERVER: OnceLock<LocalServer> = OnceLock::new();
static NEXT_SCHEMA: AtomicU32 = AtomicU32::new(1);

/// A migrated schema and a store on it.
#[derive(Debug)]
pub struct TestDatabase {
    /// The store whose connections see this test's schema alone.
    pub store: Store,
    /// Connection string of the same schema.
    pub url: String,
    /// Name of the schema.
    pub schema: String,
}

fn server_folder() -> PathBuf {
    let base = std::env::temp_dir();
    // Folders of processes that are gone were left by runs that were killed.
    for entry in std::fs::read_dir(&base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix("tradepost-test-")) else { continue };
        if !PathBuf::from(format!("/proc/{pid}")).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    base.join(format!("tradepost-test-{}", std::process::id()))
}

fn server_url() -> String {
    if let Ok(url) = std::env::var("TRADEPOST_TEST_DATABASE_URL") {
        return url;
    }
    let server = SERVER.get_or_init(|| {
        let mut config = LocalServerConfig::new(server_folder(), Durability::Disposable);
        config.max_connections = 300;
        LocalServer::start(&config).expect("a disposable PostgreSQL starts")
    });
    server.url("postgres")
}

impl TestDatabase {
    /// Makes a schema and migrates it.
    pub async fn new() -> Self {
        let url = tokio::task::spawn_blocking(server_url).await.unwrap();
        let number = NEXT_SCHEMA.fetch_add(1, Ordering::Relaxed);
        let schema = format!("test_{}_{number}", std::process::id());
        let (client, connection) =
            tokio_postgres::connect(&url, NoTls).await.expect("the test server answers");
        let driver = tokio::spawn(connection);
        client
            .batch_execute(&format!("create schema {schema}; set search_path = {schema}, public;"))
            .await
            .unwrap();
        client.batch_execute(&migrate::schema_sql()).await.expect("the migrations run");
        drop(client);
        driver.await.unwrap().unwrap();
        let url = format!("{url} options='-c search_path={schema},public'");
        let mut settings = StoreSettings::new(&url);
        // Tests on a busy machine wait for each other; what they check is not the pool's patience.
        for pool in [&mut settings.storefront, &mut settings.admin, &mut settings.worker] {
            let patience = std::time::Duration::from_secs(30);
            (pool.acquire_timeout, pool.lock_timeout) = (patience, patience);
            pool.statement_timeout = patience;
            pool.size = 4;
            pool.lock_timeout = std::time::Duration::from_secs(30);
        }
        settings.storefront.statement_timeout = std::time::Duration::from_mins(1);
        Self { store: Store::new(&settings).unwrap(), url, schema }
    }

    /// Checks that everything holds that must hold in every shop, but for what may wait only so long.
    pub async fn audit(&self) {
        self.audit_at(Timestamp::UNIX_EPOCH).await;
    }

    /// Checks that everything holds that must hold in every shop at a moment.
    pub async fn audit_at(&self, now: Timestamp) {
        let conn = self.store.worker().conn().await.unwrap();
        let broken = tradepost_store::audit_rules::find_broken(&conn, now).await.unwrap();
        assert_eq!(broken, [], "broken rules");
    }

    /// The rules that would be broken after these statements, of which nothing stays.
    pub async fn broken_after(&self, statements: &[&'static str], now: Timestamp) -> Vec<String> {
        let tx = self.store.worker().begin("broken").await.unwrap();
        for text in statements {
            let done = tx.batch(Sql { name: "broken", text }).await;
            done.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        }
        let broken = tradepost_store::audit_rules::find_broken(&tx, now).await.unwrap();
        // Here and not when it is dropped: its locks would outlast the test, whose guard asks the same tables.
        tx.batch(Sql { name: "broken", text: "rollback" }).await.unwrap();
        tx.commit().await.unwrap();
        broken.into_iter().map(|broken| broken.rule).collect()
    }
}

/// A server of a test's own, which it may stop and start again.
#[derive(Debug)]
pub struct OwnServer {
    folder: tempfile::TempDir,
    server: Option<LocalServer>,
}

impl OwnServer {
    /// A new one, migrated.
    pub async fn start() -> Self {
        let mut own = Self { folder: tempfile::tempdir().unwrap(), server: None };
        own.start_again().await;
        migrate::migrate(&own.url()).await.expect("the migrations run");
        own
    }

    /// Where it is reached.
    fn url(&self) -> String {
        self.server.as_ref().expect("it was started").url("postgres")
    }

    /// Its database, with the pools of a shop.
    pub fn database(&self) -> TestDatabase {
        let url = self.url();
        let mut settings = StoreSettings::new(&url);
        // What is tested is a server that is away, not one that is slow.
        let patience = std::time::Duration::from_secs(30);
        (settings.storefront.lock_timeout, settings.storefront.statement_timeout) = (patience, patience);
        TestDatabase { store: Store::new(&settings).unwrap(), url, schema: "public".to_owned() }
    }

    /// Stops it, whatever runs in it.
    pub async fn stop(&mut self) {
        let server = self.server.take();
        tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    }

    /// Starts it where it was stopped.
    pub async fn start_again(&mut self) {
        let config = LocalServerConfig::new(self.folder.path().join("server"), Durability::Disposable);
        let started = tokio::task::spawn_blocking(move || LocalServer::start(&config).unwrap());
        self.server = Some(started.await.unwrap());
    }
}
