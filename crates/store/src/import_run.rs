//! Runs of imports: how far each has come, and the rows that it could not take.
//!
//! A run moves on in the transaction of the products it tells of ([`advance`]), and only from where its caller believes
//! it to be: two processes that continue the same run cannot both. So that they do not try, who works on a run has its
//! [`Claim`].

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, ImportId, StockLocationId};

pub use crate::db::Claim;
use crate::db::{Client, Db, Tx};
use crate::error::StoreError;
use crate::sql::sql;

macro_rules! select {
    ($rest:literal) => {
        concat!("
        select id, origin, format, file_hash, file_name, file_blob, file_bytes, dry_run, currency, location_id, status,
               byte_offset, record_offset, products_created, products_updated, products_unchanged, products_failed,
               rows_failed, error, version, created_at, started_at, finished_at
          from import_run", $rest)
    };
}

sql! {
    INSERT = "
        insert into import_run (id, origin, format, file_hash, file_name, file_blob, file_bytes, dry_run, currency,
                                location_id, status, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11)
            on conflict do nothing";
    GET = select!("
         where id = $1");
    GET_FOR_UPDATE = select!("
         where id = $1
           for update");
    FIND_UNFINISHED = select!("
         where file_hash = $1
           and format = $2
           and currency = $3
           and location_id is not distinct from $4
           and origin = 'command'
           and not dry_run
           and status in ('pending', 'running', 'failed')");
    LIST = select!("
         where ($1::timestamptz is null or (created_at, id) < ($1, $2))
         order by created_at desc, id desc
         limit $3");
    LIST_OPEN_UPLOADS = "
        select id
          from import_run
         where origin = 'api' and status in ('pending', 'running')
         order by created_at, id
         limit $1";
    // Its own session's lock: it goes with the session, however that ends.
    TRY_CLAIM = "
        select pg_try_advisory_lock(hashtextextended(current_schema() || ' import_run ' || $1::uuid, 0))";
    START = "
        update import_run
           set status = 'running', started_at = coalesce(started_at, $2), finished_at = null, error = null,
               currency = coalesce(currency, $3), version = version + 1
         where id = $1 and status in ('pending', 'running', 'failed')";
    ADVANCE = "
        update import_run
           set byte_offset = $3, record_offset = $4, products_created = $5, products_updated = $6,
               products_unchanged = $7, products_failed = $8, rows_failed = $9, version = version + 1
         where id = $1 and record_offset = $2 and status = 'running'";
    FINISH = "
        update import_run
           set status = $2, error = $3, file_blob = case when $4 then file_blob end, finished_at = $5,
               version = version + 1
         where id = $1 and status in ('pending', 'running')";
    RESUME = "
        update import_run
           set status = 'pending', error = null, finished_at = null, version = version + 1
         where id = $1 and status = 'failed' and origin = 'api' and file_blob is not null";
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
    // A run of the command line that nobody continued ends by its age; one of the API is the worker's until it ends.
    DELETE_OLD = "
        delete from import_run
         where id in (select id
                        from import_run
                       where coalesce(finished_at, case when origin = 'command' then created_at end) < $1
                       order by created_at
                       limit $2
                         for update skip locked)";
    RELEASE_FILES = "
        update import_run
           set file_blob = null, version = version + 1
         where file_blob = any ($1) and status not in ('pending', 'running')";
    LIST_NEEDED_FILES = "
        select file_blob from import_run where file_blob = any ($1)";
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
    /// `command` or `api`: who continues it.
    pub origin: String,
    /// `shopify-csv` or `jsonl`.
    pub format: String,
    /// SHA-256 of the file.
    pub file_hash: Vec<u8>,
    /// Name of the file, for people.
    pub file_name: String,
    /// Name of the uploaded file, as long as it is kept.
    pub file_blob: Option<String>,
    /// Bytes of the file, where that is known.
    pub file_bytes: Option<u64>,
    /// Whether nothing but this row is written.
    pub dry_run: bool,
    /// Code of the currency of prices that name none; settled when work begins.
    pub currency: Option<String>,
    /// Where stock goes; the default location when absent.
    pub location_id: Option<StockLocationId>,
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
    /// Name of the uploaded file, when it came through the API.
    pub file_blob: Option<&'a str>,
    /// Bytes of the file, where that is known.
    pub file_bytes: Option<u64>,
    /// Whether to write nothing.
    pub dry_run: bool,
    /// Code of the currency of prices that name none, where that is settled.
    pub currency: Option<&'a str>,
    /// Where stock goes; the default location when absent.
    pub location_id: Option<StockLocationId>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// `succeeded`, `failed` or `canceled`.
    pub status: &'static str,
    /// Why it failed, for people.
    pub error: Option<&'a str>,
    /// Whether the uploaded file stays, so that the run can be continued.
    pub keeps_file: bool,
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

/// Stores a run that waits; `false` when the command line has an unfinished run of the same file already.
pub async fn insert(client: &Client, run: &NewImportRun<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let NewImportRun {
        id,
        format,
        file_hash,
        file_name,
        file_blob,
        file_bytes,
        dry_run,
        currency,
        location_id,
    } = run;
    let origin = if file_blob.is_some() { "api" } else { "command" };
    let file_bytes = file_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    let location_id = location_id.map(|id| id.as_uuid());
    let params: crate::db::Params<'_> = &[
        &id.as_uuid(),
        &origin,
        format,
        file_hash,
        file_name,
        file_blob,
        &file_bytes,
        dry_run,
        currency,
        &location_id,
        &now,
    ];
    Ok(client.execute(INSERT, params).await? == 1)
}

/// One run.
pub async fn get(client: &Client, id: ImportId) -> Result<Option<ImportRun>, StoreError> {
    Ok(client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// One run, which stays as it is until the transaction ends.
pub async fn get_for_update(tx: &Tx, id: ImportId) -> Result<Option<ImportRun>, StoreError> {
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// The command line's run of this file, with the same meaning, that has not come to its end.
pub async fn find_unfinished(
    client: &Client,
    (file_hash, format): (&[u8], &str),
    (currency, location_id): (&str, Option<StockLocationId>),
) -> Result<Option<ImportRun>, StoreError> {
    let location_id = location_id.map(|id| id.as_uuid());
    let row = client.query_opt(FIND_UNFINISHED, &[&file_hash, &format, &currency, &location_id]).await?;
    Ok(row.as_ref().map(from_row))
}

/// Takes the right to work on a run; `None` when another process has it.
pub async fn try_claim(db: &Db, id: ImportId) -> Result<Option<Claim>, StoreError> {
    let session = db.session().await?;
    if session.query_one(TRY_CLAIM, &[&id.as_uuid()]).await?.get(0) {
        return Ok(Some(session.leave_pool()));
    }
    session.give_back();
    Ok(None)
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

/// Runs of uploaded files that wait or were begun, the oldest first.
pub async fn list_open_uploads(client: &Client, limit: i64) -> Result<Vec<ImportId>, StoreError> {
    let rows = client.query(LIST_OPEN_UPLOADS, &[&limit]).await?;
    Ok(rows.iter().map(|row| ImportId::from_uuid(row.get(0))).collect())
}

/// Marks a run as running, again where it was broken off, and settles its currency; `false` when it has ended.
pub async fn start(
    client: &Client,
    id: ImportId,
    currency: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(client.execute(START, &[&id.as_uuid(), &now, &currency]).await? == 1)
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

/// Ends a run; `false` when it has ended before.
pub async fn finish(
    client: &Client,
    id: ImportId,
    ending: Ending<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Ending { status, error, keeps_file } = ending;
    Ok(client.execute(FINISH, &[&id.as_uuid(), &status, &error, &keeps_file, &now]).await? == 1)
}

/// Lets a run that failed wait again, where it stopped; `false` when it did not fail or its file is gone.
pub async fn resume(client: &Client, id: ImportId) -> Result<bool, StoreError> {
    Ok(client.execute(RESUME, &[&id.as_uuid()]).await? == 1)
}

/// Deletes runs that ended before a moment, with their errors, at most `limit`; answers how many.
pub async fn delete_old(client: &Client, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    client.execute(DELETE_OLD, &[&before, &limit]).await
}

/// Takes these uploaded files from the runs that have ended; answers those that others still need.
pub async fn release_files(client: &Client, blobs: &[String]) -> Result<Vec<String>, StoreError> {
    client.execute(RELEASE_FILES, &[&blobs]).await?;
    let rows = client.query(LIST_NEEDED_FILES, &[&blobs]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
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
        origin: row.get(1),
        format: row.get(2),
        file_hash: row.get(3),
        file_name: row.get(4),
        file_blob: row.get(5),
        file_bytes: row.get::<_, Option<i64>>(6).and_then(|bytes| u64::try_from(bytes).ok()),
        dry_run: row.get(7),
        currency: row.get(8),
        location_id: row.get::<_, Option<uuid::Uuid>>(9).map(StockLocationId::from_uuid),
        status: row.get(10),
        counts: ImportCounts {
            byte_offset: count(11),
            record_offset: count(12),
            created: count(13),
            updated: count(14),
            unchanged: count(15),
            failed: count(16),
            errors: count(17),
        },
        error: row.get(18),
        version: row.get(19),
        created_at: row.get(20),
        started_at: row.get(21),
        finished_at: row.get(22),
    }
}
