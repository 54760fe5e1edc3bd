//! Jobs: work for later, written in the transaction that asks for it, done at least once, by one worker at a time.

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::kernel::ids::{EntityId, JobId};

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    ENQUEUE = "
        insert into job (id, queue, payload, run_at, created_at)
        values ($1, $2, $3, $4, $5)";
    /// Leases jobs that are due: a worker that dies gives them back by doing nothing.
    TAKE = "
        update job
           set attempts = attempts + 1, locked_until = $3
         where id in (select id
                        from job
                       where queue = any ($1) and finished_at is null and failed_at is null and run_at <= $2
                         and (locked_until is null or locked_until < $2)
                       order by run_at, id
                       limit $4
                         for update skip locked)
        returning id, queue, payload, attempts";
    FINISH = "
        update job set finished_at = $2, locked_until = null, last_error = null where id = $1";
    RETRY = "
        update job set run_at = $2, locked_until = null, last_error = $3 where id = $1";
    FAIL = "
        update job set failed_at = $2, locked_until = null, last_error = $3 where id = $1";
    PURGE = "
        delete from job where queue = $1 and finished_at < $2";
}

/// A job to do later.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Id.
    pub id: JobId,
    /// Name of its queue in kebab case.
    pub queue: &'static str,
    /// What it needs to know.
    pub payload: Value,
    /// Not before then.
    pub run_at: Timestamp,
}

/// A job that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenJob {
    /// Id.
    pub id: JobId,
    /// Its queue.
    pub queue: String,
    /// What it needs to know.
    pub payload: Value,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// Writes a job.
pub async fn enqueue(client: &Client, job: &NewJob, now: Timestamp) -> Result<(), StoreError> {
    let NewJob { id, queue, payload, run_at } = job;
    client.execute(ENQUEUE, &[&id.as_uuid(), queue, payload, run_at, &now]).await.map(drop)
}

/// Takes up to `limit` jobs that are due from these queues and keeps them from others until `locked_until`.
pub async fn take(
    client: &Client,
    queues: &[&str],
    now: Timestamp,
    locked_until: Timestamp,
    limit: i64,
) -> Result<Vec<TakenJob>, StoreError> {
    let rows = client.query(TAKE, &[&queues, &now, &locked_until, &limit]).await?;
    let taken = rows.iter().map(|row| TakenJob {
        id: JobId::from_uuid(row.get(0)),
        queue: row.get(1),
        payload: row.get(2),
        attempts: row.get(3),
    });
    Ok(taken.collect())
}

/// Notes that a job is done.
pub async fn finish(client: &Client, id: JobId, now: Timestamp) -> Result<(), StoreError> {
    client.execute(FINISH, &[&id.as_uuid(), &now]).await.map(drop)
}

/// Notes that a job is to be tried again.
pub async fn retry(client: &Client, id: JobId, run_at: Timestamp, error: &str) -> Result<(), StoreError> {
    client.execute(RETRY, &[&id.as_uuid(), &run_at, &error]).await.map(drop)
}

/// Notes that a job is given up.
pub async fn fail(client: &Client, id: JobId, now: Timestamp, error: &str) -> Result<(), StoreError> {
    client.execute(FAIL, &[&id.as_uuid(), &now, &error]).await.map(drop)
}

/// Deletes jobs of a queue that were done before a time; answers how many.
pub async fn purge_finished(client: &Client, queue: &str, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&queue, &before]).await
}
