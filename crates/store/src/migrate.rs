//! Migrations: the schema's history, run by one process at a time.

use tokio_postgres::{Client, NoTls};

use crate::error::StoreError;

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

/// Brings the schema to the newest version. Several processes may call it at once: one works, the others wait.
pub async fn migrate(url: &str) -> Result<MigrationReport, StoreError> {
    let unavailable = |error: tokio_postgres::Error| StoreError::Unavailable(error.to_string());
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(unavailable)?;
    let driver = tokio::spawn(connection);
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

/// The SQL of all migrations in order, for tests that make a schema of their own without a history.
pub fn schema_sql() -> String {
    let mut migrations = embedded::migrations::runner().get_migrations().clone();
    migrations.sort_by_key(refinery::Migration::version);
    migrations.iter().filter_map(refinery::Migration::sql).collect::<Vec<_>>().join("\n")
}
