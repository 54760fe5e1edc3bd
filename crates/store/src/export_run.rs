//! Runs of exports: what is asked for, who works on it, and the file that comes of it.
//!
//! Whoever takes a run holds it by a lease: the end of it is the ticket with which the run is moved on ([`advance`]) and
//! ended. A process that has died holds no longer than that, and one that was merely slow finds that its ticket is void.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, ExportId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into export_run (id, format, filter, status, created_at)
        values ($1, $2, $3, 'pending', $4)";
    GET = "
        select id, format, filter, status, products, bytes, products_left_out, left_out, file_name, error, attempts,
               version, created_at, started_at, finished_at
          from export_run
         where id = $1";
    GET_FOR_UPDATE = "
        select id, format, filter, status, products, bytes, products_left_out, left_out, file_name, error, attempts,
               version, created_at, started_at, finished_at
          from export_run
         where id = $1
           for update";
    LIST = "
        select id, format, filter, status, products, bytes, products_left_out, left_out, file_name, error, attempts,
               version, created_at, started_at, finished_at
          from export_run
         where ($1::timestamptz is null or (created_at, id) < ($1, $2))
         order by created_at desc, id desc
         limit $3";
    COUNT_OPEN = "
        select count(*) from export_run where status in ('pending', 'running')";
    TAKE = "
        update export_run
           set status = 'running', locked_until = $2, attempts = attempts + 1, products = 0, bytes = 0,
               started_at = coalesce(started_at, $1), version = version + 1
         where id = (select id from export_run
                      where status = 'pending' or status = 'running' and locked_until < $1
                      order by created_at, id limit 1
                        for update skip locked)
        returning id, format, filter, status, products, bytes, products_left_out, left_out, file_name, error, attempts,
                  version, created_at, started_at, finished_at";
    ADVANCE = "
        update export_run
           set locked_until = $3, products = $4, bytes = $5, version = version + 1
         where id = $1 and locked_until = $2 and status = 'running'";
    SUCCEED = "
        update export_run
           set status = 'succeeded', locked_until = null, products = $3, bytes = $4, products_left_out = $5,
               left_out = $6, file_name = $7, error = null, finished_at = $8, version = version + 1
         where id = $1 and locked_until = $2 and status = 'running'";
    FAIL = "
        update export_run
           set status = 'failed', locked_until = null, error = $3, finished_at = $4, version = version + 1
         where id = $1 and locked_until = $2 and status = 'running'";
    DELETE = "
        delete from export_run where id = $1";
    PURGE = "
        delete from export_run where finished_at < $1 returning id";
    KNOWN = "
        select id from export_run where id = any ($1)";
}

/// A run of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRun {
    /// Id.
    pub id: ExportId,
    /// `shopify-csv` or `jsonl`.
    pub format: String,
    /// Which products.
    pub filter: Value,
    /// `pending`, `running`, `succeeded` or `failed`.
    pub status: String,
    /// What is written so far.
    pub counts: ExportCounts,
    /// Products that the format cannot hold.
    pub products_left_out: u64,
    /// Handles of the first of them.
    pub left_out: Vec<String>,
    /// Name of the file, once it is whole.
    pub file_name: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// How often it was begun.
    pub attempts: i32,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What an export has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Products.
    pub products: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A whole file.
#[derive(Debug, Clone)]
pub struct ExportedFile<'a> {
    /// Its name in the folder of exports.
    pub name: &'a str,
    /// What it holds.
    pub counts: ExportCounts,
    /// Products that the format cannot hold.
    pub products_left_out: u64,
    /// Handles of the first of them.
    pub left_out: &'a [String],
}

/// Stores a run that waits.
pub async fn insert(
    client: &Client,
    id: ExportId,
    (format, filter): (&str, &Value),
    now: Timestamp,
) -> Result<(), StoreError> {
    client.execute(INSERT, &[&id.as_uuid(), &format, filter, &now]).await.map(drop)
}

/// One run.
pub async fn get(client: &Client, id: ExportId) -> Result<Option<ExportRun>, StoreError> {
    Ok(client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// One run, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, id: ExportId) -> Result<Option<ExportRun>, StoreError> {
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// Runs, newest first, `before` being the time and id of the last one seen.
pub async fn list(
    client: &Client,
    before: Option<(Timestamp, ExportId)>,
    limit: i64,
) -> Result<Vec<ExportRun>, StoreError> {
    let (at, id) = before.map(|(at, id)| (at, id.as_uuid())).unzip();
    Ok(client.query(LIST, &[&at, &id, &limit]).await?.iter().map(from_row).collect())
}

/// Runs that wait or are worked on.
pub async fn count_open(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT_OPEN, &[]).await?.get(0))
}

/// Takes the oldest run that waits, or that was left behind, until `lease`. For the worker.
pub async fn take(
    client: &Client,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Option<ExportRun>, StoreError> {
    Ok(client.query_opt(TAKE, &[&now, &lease]).await?.as_ref().map(from_row))
}

/// Says how far a run has come and holds it on; `false` when it is held no longer.
pub async fn advance(
    client: &Client,
    id: ExportId,
    (lease, next): (Timestamp, Timestamp),
    counts: ExportCounts,
) -> Result<bool, StoreError> {
    let params: crate::db::Params<'_> =
        &[&id.as_uuid(), &lease, &next, &number(counts.products), &number(counts.bytes)];
    Ok(client.execute(ADVANCE, params).await? == 1)
}

/// Ends a run whose file is whole; `false` when it is held no longer.
pub async fn succeed(
    client: &Client,
    id: ExportId,
    lease: Timestamp,
    file: &ExportedFile<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ExportedFile { name, counts, products_left_out, left_out } = file;
    let params: crate::db::Params<'_> = &[
        &id.as_uuid(),
        &lease,
        &number(counts.products),
        &number(counts.bytes),
        &number(*products_left_out),
        left_out,
        name,
        &now,
    ];
    Ok(client.execute(SUCCEED, params).await? == 1)
}

/// Ends a run without a file; `false` when it is held no longer.
pub async fn fail(
    client: &Client,
    id: ExportId,
    lease: Timestamp,
    error: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(client.execute(FAIL, &[&id.as_uuid(), &lease, &error, &now]).await? == 1)
}

/// Deletes a run.
pub async fn delete(tx: &Tx, id: ExportId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

/// Deletes the runs that ended before a time; answers how many there were.
pub async fn purge(client: &Client, before: Timestamp) -> Result<usize, StoreError> {
    Ok(client.query(PURGE, &[&before]).await?.len())
}

/// Those of the runs that are there.
pub async fn known(client: &Client, ids: &[ExportId]) -> Result<Vec<ExportId>, StoreError> {
    let ids: Vec<_> = ids.iter().map(EntityId::as_uuid).collect();
    let rows = client.query(KNOWN, &[&ids]).await?;
    Ok(rows.iter().map(|row| ExportId::from_uuid(row.get(0))).collect())
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn from_row(row: &Row) -> ExportRun {
    let count = |place: usize| u64::try_from(row.get::<_, i64>(place)).unwrap_or_default();
    ExportRun {
        id: ExportId::from_uuid(row.get(0)),
        format: row.get(1),
        filter: row.get(2),
        status: row.get(3),
        counts: ExportCounts { products: count(4), bytes: count(5) },
        products_left_out: count(6),
        left_out: row.get(7),
        file_name: row.get(8),
        error: row.get(9),
        attempts: row.get(10),
        version: row.get(11),
        created_at: row.get(12),
        started_at: row.get(13),
        finished_at: row.get(14),
    }
}
