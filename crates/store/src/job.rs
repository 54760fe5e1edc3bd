//! Jobs: work for later, written in the transaction that asks for it, done at least once, by one worker at a time.

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::kernel::ids::{EntityId, JobId};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    ENQUEUE = "
        insert into job (id, queue, payload, unique_key, run_at, created_at)
        select j.id, j.queue, j.payload, j.unique_key, $5, $5
          from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[]) as j (id, queue, payload, unique_key)
            on conflict (queue, unique_key) where unique_key is not null do nothing";
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
        delete from job where queue = any ($1) and (finished_at < $2 or failed_at < $3)";
    /// Each part by the index of those jobs: the many that are done are not looked at.
    COUNT_UNDONE = "
        select (select count(*)
                  from (select from job
                         where queue = any ($1) and finished_at is null and failed_at is null
                         limit $2) waiting),
               (select count(*)
                  from (select from job where queue = any ($1) and failed_at is not null limit $2) parked),
               (select last_error
                  from job
                 where queue = any ($1) and failed_at is not null
                 order by failed_at desc
                 limit 1)";
    REVIVE = "
        update job
           set failed_at = null, attempts = 0, run_at = $2, locked_until = null
         where queue = any ($1) and failed_at is not null";
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
    /// What it is about, where there is to be one such job only in its queue, done or not, for as long as jobs are kept.
    pub unique_key: Option<String>,
}

/// Jobs of some queues that are not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneJobs {
    /// Those that are still tried.
    pub waiting: i64,
    /// Those that were given up.
    pub parked: i64,
    /// Why the last of these was.
    pub last_error: Option<String>,
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

/// Writes jobs that are due at once; those whose key is there already are left out.
pub async fn enqueue(client: &Client, jobs: &[NewJob], now: Timestamp) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.as_uuid()).collect();
    let queues: Vec<&str> = jobs.iter().map(|job| job.queue).collect();
    let payloads: Vec<&Value> = jobs.iter().map(|job| &job.payload).collect();
    let keys: Vec<Option<&str>> = jobs.iter().map(|job| job.unique_key.as_deref()).collect();
    client.execute(ENQUEUE, &[&ids, &queues, &payloads, &keys, &now]).await.map(drop)
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

/// Deletes jobs of some queues that were done, or given up, before a time; answers how many.
pub async fn purge(
    client: &Client,
    queues: &[&str],
    (done_before, given_up_before): (Timestamp, Timestamp),
) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&queues, &done_before, &given_up_before]).await
}

/// Counts the jobs of some queues that are not done, up to `limit` of those that wait and of those that were given up.
pub async fn count_undone(client: &Client, queues: &[&str], limit: i64) -> Result<UndoneJobs, StoreError> {
    let row = client.query_one(COUNT_UNDONE, &[&queues, &limit]).await?;
    Ok(UndoneJobs { waiting: row.get(0), parked: row.get(1), last_error: row.get(2) })
}

/// Has jobs of some queues tried again that were given up; answers how many.
pub async fn revive(client: &Client, queues: &[&str], now: Timestamp) -> Result<u64, StoreError> {
    client.execute(REVIVE, &[&queues, &now]).await
}
