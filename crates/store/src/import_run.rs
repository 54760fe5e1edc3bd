//! Runs of imports: how far each has come, and the rows that it could not take.
//!
//! A run moves on in the transaction of the products it tells of ([`advance`]), and only from where its caller believes
//! it to be: two processes that continue the same run cannot both.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, ImportId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into import_run (id, format, file_hash, file_name, file_blob, dry_run, status, created_at)
        values ($1, $2, $3, $4, $5, $6, 'pending', $7)";
    GET = "
        select id, format, file_hash, file_name, file_blob, dry_run, status, byte_offset, record_offset,
               products_created, products_updated, products_unchanged, products_failed, rows_failed, error,
               version, created_at, started_at, finished_at
          from import_run
         where id = $1";
    FIND_UNFINISHED = "
        select id, format, file_hash, file_name, file_blob, dry_run, status, byte_offset, record_offset,
               products_created, products_updated, products_unchanged, products_failed, rows_failed, error,
               version, created_at, started_at, finished_at
          from import_run
         where file_hash = $1
           and format = $2
           and not dry_run
           and (status in ('running', 'failed') or status = 'pending' and file_blob is null)
         order by created_at desc, id desc
         limit 1";
    LIST = "
        select id, format, file_hash, file_name, file_blob, dry_run, status, byte_offset, record_offset,
               products_created, products_updated, products_unchanged, products_failed, rows_failed, error,
               version, created_at, started_at, finished_at
          from import_run
         where ($1::timestamptz is null or (created_at, id) < ($1, $2))
         order by created_at desc, id desc
         limit $3";
    TAKE_PENDING = "
        update import_run
           set status = 'running', started_at = $1, version = version + 1
         where id = (select id from import_run where status = 'pending' and file_blob is not null
                      order by created_at, id limit 1
                        for update skip locked)
        returning id";
    LIST_RUNNING_UPLOADS = "
        select id from import_run where status = 'running' and file_blob is not null order by created_at, id";
    START = "
        update import_run
           set status = 'running', started_at = coalesce(started_at, $2), error = null, version = version + 1
         where id = $1 and status in ('pending', 'running', 'failed')";
    ADVANCE = "
        update import_run
           set byte_offset = $3, record_offset = $4, products_created = $5, products_updated = $6,
               products_unchanged = $7, products_failed = $8, rows_failed = $9, version = version + 1
         where id = $1 and record_offset = $2 and status = 'running'";
    FINISH = "
        update import_run
           set status = $2, error = $3, finished_at = $4, version = version + 1
         where id = $1 and status in ('pending', 'running')";
    INSERT_ERRORS = "
        insert into import_error (import_id, number, line, \"column\", code, message)
        select $1, e.number, e.line, e.col, e.code, e.message
          from unnest($2::int8[], $3::int8[], $4::text[], $5::text[], $6::text[])
               as e (number, line, col, code, message)";
    LIST_ERRORS = "
        select number, line, \"column\", code, message
          from import_error
         where import_id = $1 and number > $2
         order by number
         limit $3";
}

/// What a run has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Bytes of the file up to the end of the last product that is committed.
    pub byte_offset: u64,
    /// Products of the file that are committed, those with errors among them.
    pub record_offset: u64,
    /// Products that were not there before.
    pub created: u64,
    /// Products that were there and are different now.
    pub updated: u64,
    /// Products that were there as the file has them.
    pub unchanged: u64,
    /// Products that were not taken.
    pub failed: u64,
    /// Errors found; a product may have several.
    pub errors: u64,
}

/// A run of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRun {
    /// Id.
    pub id: ImportId,
    /// `shopify-csv` or `jsonl`.
    pub format: String,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// Name of the file, for people.
    pub file_name: String,
    /// Blob that holds the file, when it came through the API.
    pub file_blob: Option<String>,
    /// Whether nothing but this row is written.
    pub dry_run: bool,
    /// `pending`, `running`, `succeeded`, `failed` or `canceled`.
    pub status: String,
    /// How far it has come.
    pub counts: ImportCounts,
    /// Why it failed.
    pub error: Option<String>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A run to be made.
#[derive(Debug, Clone)]
pub struct NewImportRun<'a> {
    /// Id.
    pub id: ImportId,
    /// `shopify-csv` or `jsonl`.
    pub format: &'a str,
    /// SHA-256 of the file.
    pub file_hash: &'a [u8],
    /// Name of the file, for people.
    pub file_name: &'a str,
    /// Blob that holds the file, when it came through the API.
    pub file_blob: Option<&'a str>,
    /// Whether to write nothing.
    pub dry_run: bool,
}

/// An error of a row, as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportErrorRow {
    /// Its place among the errors of the run, from 1.
    pub number: i64,
    /// Line of the file, from 1.
    pub line: i64,
    /// Column or field.
    pub column: Option<String>,
    /// Stable word in snake case.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// Stores a run that waits.
pub async fn insert(client: &Client, run: &NewImportRun<'_>, now: Timestamp) -> Result<(), StoreError> {
    let NewImportRun { id, format, file_hash, file_name, file_blob, dry_run } = run;
    let params: crate::db::Params<'_> =
        &[&id.as_uuid(), format, file_hash, file_name, file_blob, dry_run, &now];
    client.execute(INSERT, params).await.map(drop)
}

/// One run.
pub async fn get(client: &Client, id: ImportId) -> Result<Option<ImportRun>, StoreError> {
    Ok(client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// The last run of this file that was broken off, if there is one. One that waits for the worker is the worker's.
pub async fn find_unfinished(
    client: &Client,
    file_hash: &[u8],
    format: &str,
) -> Result<Option<ImportRun>, StoreError> {
    Ok(client.query_opt(FIND_UNFINISHED, &[&file_hash, &format]).await?.as_ref().map(from_row))
}

/// Runs, newest first, `before` being the time and id of the last one seen.
pub async fn list(
    client: &Client,
    before: Option<(Timestamp, ImportId)>,
    limit: i64,
) -> Result<Vec<ImportRun>, StoreError> {
    let (at, id) = before.map(|(at, id)| (at, id.as_uuid())).unzip();
    Ok(client.query(LIST, &[&at, &id, &limit]).await?.iter().map(from_row).collect())
}

/// Takes the oldest run that waits and has its file stored; from now on it is running. For the worker.
pub async fn take_pending(client: &Client, now: Timestamp) -> Result<Option<ImportId>, StoreError> {
    let row = client.query_opt(TAKE_PENDING, &[&now]).await?;
    Ok(row.map(|row| ImportId::from_uuid(row.get(0))))
}

/// Runs of uploaded files that are running, or were when their process ended; the oldest first.
pub async fn list_running_uploads(client: &Client) -> Result<Vec<ImportId>, StoreError> {
    let rows = client.query(LIST_RUNNING_UPLOADS, &[]).await?;
    Ok(rows.iter().map(|row| ImportId::from_uuid(row.get(0))).collect())
}

/// Marks a run as running, again where it was broken off; `false` when it has ended.
pub async fn start(client: &Client, id: ImportId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(client.execute(START, &[&id.as_uuid(), &now]).await? == 1)
}

/// Moves a run on from the record where its caller believes it to be; `false` when it is elsewhere or has ended.
pub async fn advance(
    client: &Client,
    id: ImportId,
    from_record: u64,
    counts: &ImportCounts,
) -> Result<bool, StoreError> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let params: crate::db::Params<'_> = &[
        &id.as_uuid(),
        &number(from_record),
        &number(counts.byte_offset),
        &number(counts.record_offset),
        &number(counts.created),
        &number(counts.updated),
        &number(counts.unchanged),
        &number(counts.failed),
        &number(counts.errors),
    ];
    Ok(client.execute(ADVANCE, params).await? == 1)
}

/// Ends a run as `succeeded`, `failed` or `canceled`; `false` when it has ended before.
pub async fn finish(
    client: &Client,
    id: ImportId,
    (status, error): (&str, Option<&str>),
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(client.execute(FINISH, &[&id.as_uuid(), &status, &error, &now]).await? == 1)
}

/// Keeps errors of a run.
pub async fn insert_errors(tx: &Tx, id: ImportId, errors: &[ImportErrorRow]) -> Result<(), StoreError> {
    if errors.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = errors.iter().map(|error| error.number).collect();
    let lines: Vec<i64> = errors.iter().map(|error| error.line).collect();
    let columns: Vec<Option<&str>> = errors.iter().map(|error| error.column.as_deref()).collect();
    let codes: Vec<&str> = errors.iter().map(|error| error.code.as_str()).collect();
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    let params: crate::db::Params<'_> = &[&id.as_uuid(), &numbers, &lines, &columns, &codes, &messages];
    tx.execute(INSERT_ERRORS, params).await.map(drop)
}

/// Errors of a run behind number `after`, in the order of the file.
pub async fn list_errors(
    client: &Client,
    id: ImportId,
    after: i64,
    limit: i64,
) -> Result<Vec<ImportErrorRow>, StoreError> {
    let rows = client.query(LIST_ERRORS, &[&id.as_uuid(), &after, &limit]).await?;
    let errors = rows.iter().map(|row| ImportErrorRow {
        number: row.get(0),
        line: row.get(1),
        column: row.get(2),
        code: row.get(3),
        message: row.get(4),
    });
    Ok(errors.collect())
}

fn from_row(row: &Row) -> ImportRun {
    let count = |place: usize| u64::try_from(row.get::<_, i64>(place)).unwrap_or_default();
    ImportRun {
        id: ImportId::from_uuid(row.get(0)),
        format: row.get(1),
        file_hash: row.get(2),
        file_name: row.get(3),
        file_blob: row.get(4),
        dry_run: row.get(5),
        status: row.get(6),
        counts: ImportCounts {
            byte_offset: count(7),
            record_offset: count(8),
            created: count(9),
            updated: count(10),
            unchanged: count(11),
            failed: count(12),
            errors: count(13),
        },
        error: row.get(14),
        version: row.get(15),
        created_at: row.get(16),
        started_at: row.get(17),
        finished_at: row.get(18),
    }
}
