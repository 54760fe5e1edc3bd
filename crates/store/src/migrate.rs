//! Migrations: the schema's history, run by one process at a time.

use tokio_postgres::{Client, NoTls};

use crate::error::StoreError;
use crate::sql::Sql;
use crate::tls::Target;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// What a run of the migrations did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Names of the migrations that were applied now, in order.
    pub applied: Vec<String>,
    /// Version that the schema has now.
    pub version: i32,
}

/// Whether the schema is the one that this program was written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// It is.
    Current,
    /// These migrations are missing.
    Behind(Vec<String>),
    /// A newer program has migrated it to this version.
    Ahead(i32),
}

/// Says what is wrong with a connection string, in words that do not hold the string.
pub fn check_url(url: &str) -> Result<(), String> {
    Target::parse(url).map(drop)
}

/// Compares the schema with the migrations of this program.
pub async fn schema_state(client: &crate::db::Client) -> Result<SchemaState, StoreError> {
    // The history is the migration runner's own table: absent before its first run, so not among our statements.
    const EXISTS: Sql =
        Sql { name: "migrate::EXISTS", text: "select to_regclass('refinery_schema_history') is not null" };
    const VERSION: Sql = Sql {
        name: "migrate::VERSION",
        text: "select coalesce(max(version), 0) from refinery_schema_history",
    };
    let exists: bool = client.query_one(EXISTS, &[]).await?.get(0);
    let version: i32 = if exists { client.query_one(VERSION, &[]).await?.get(0) } else { 0 };
    let runner = embedded::migrations::runner();
    let known = runner.get_migrations();
    let newest = known.iter().map(refinery::Migration::version).max().unwrap_or(0);
    if version > newest {
        return Ok(SchemaState::Ahead(version));
    }
    let mut missing: Vec<_> = known.iter().filter(|migration| migration.version() > version).collect();
    missing.sort_by_key(|migration| migration.version());
    if missing.is_empty() {
        return Ok(SchemaState::Current);
    }
    Ok(SchemaState::Behind(missing.iter().map(ToString::to_string).collect()))
}

/// Brings the schema to the newest version. Several processes may call it at once: one works, the others wait.
pub async fn migrate(url: &str) -> Result<MigrationReport, StoreError> {
    let Target { config, tls } = Target::read(url)?;
    let failed = |source| StoreError::Database { statement: "connect", source };
    let (mut client, driver) = match tls {
        None => {
            let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
            (client, tokio::spawn(connection))
        }
        Some(tls) => {
            let (client, connection) = config.connect(tls).await.map_err(failed)?;
            (client, tokio::spawn(connection))
        }
    };
    let outcome = migrate_on(&mut client).await;
    drop(client);
    let _ = driver.await;
    outcome
}

async fn migrate_on(client: &mut Client) -> Result<MigrationReport, StoreError> {
    let failed = |source| StoreError::Database { statement: "migrate", source };
    // Advisory locks are the database's: the schema's name makes the lock this shop's alone.
    client
        .batch_execute("select pg_advisory_lock(hashtext('tradepost-migrate-' || current_schema()))")
        .await
        .map_err(failed)?;
    client.batch_execute("set lock_timeout = '2s'").await.map_err(failed)?;
    let runner = embedded::migrations::runner().set_abort_divergent(true).set_abort_missing(true);
    let newest = runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0);
    let report = runner.run_async(client).await;
    let report = report.map_err(|error| StoreError::Unavailable(format!("migration failed: {error}")))?;
    let applied = report.applied_migrations().iter().map(ToString::to_string).collect();
    Ok(MigrationReport { applied, version: newest })
}

/// Version of the schema that this program was written for.
pub fn newest_version() -> i32 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

/// The SQL of all migrations in order, for tests that make a schema of their own without a history.
pub fn schema_sql() -> String {
    let mut migrations = embedded::migrations::runner().get_migrations().clone();
    migrations.sort_by_key(refinery::Migration::version);
    migrations.iter().filter_map(refinery::Migration::sql).collect::<Vec<_>>().join("\n")
}
