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
            pool.acquire_timeout = std::time::Duration::from_secs(30);
            pool.size = 4;
            pool.lock_timeout = std::time::Duration::from_secs(30);
        }
        settings.storefront.statement_timeout = std::time::Duration::from_secs(60);
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
        broken.into_iter().map(|broken| broken.rule).collect()
    }
}
