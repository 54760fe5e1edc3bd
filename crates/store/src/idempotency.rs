//! Answers by `Idempotency-Key`: claimed in a small transaction of their own, finished in the transaction of the work.
//!
//! A key belongs to its principal. A claim is a lease: when its process dies, the next request with the same key and
//! body takes it over after the lease, by a conditional update that only one can win.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    CLAIM = "
        insert into idempotency_key (principal, key, operation, body_hash, state, locked_until, created_at)
        values ($1, $2, $3, $4, 'running', $5, $6)
        on conflict (principal, key) do nothing";
    GET = "
        select operation, body_hash, state, locked_until, response_status, response_body, response_etag, response_location,
               resource_id
          from idempotency_key
         where principal = $1 and key = $2";
    TAKE_OVER = "
        update idempotency_key
           set locked_until = $3
         where principal = $1 and key = $2 and state = 'running' and locked_until < $4";
    FINISH = "
        update idempotency_key
           set state = 'done', response_status = $3, response_body = $4, response_etag = $5, response_location = $6
         where principal = $1 and key = $2 and state = 'running' and locked_until = $7";
    KEEP_RESOURCE = "
        update idempotency_key
           set resource_id = $3
         where principal = $1 and key = $2 and state = 'running' and locked_until = $4";
    SUSPEND = "
        update idempotency_key
           set locked_until = created_at - interval '1 second'
         where principal = $1 and key = $2 and state = 'running' and locked_until = $3";
    RELEASE = "
        delete from idempotency_key
         where principal = $1 and key = $2 and state = 'running' and locked_until = $3";
    PURGE = "
        delete from idempotency_key where created_at < $1";
}

/// A claim on a key: the right to run its request once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose key it is.
    pub principal: String,
    /// The key.
    pub key: String,
    /// Method and path of the request.
    pub operation: String,
    /// SHA-256 of the request's body.
    pub body_hash: Vec<u8>,
    /// Until when the claim holds.
    pub locked_until: Timestamp,
    /// What the request made before it was broken off, for whoever takes the claim over.
    pub resource_id: Option<Uuid>,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Status code.
    pub status: i16,
    /// Body, as sent.
    pub body: Vec<u8>,
    /// `ETag`, if it had one.
    pub etag: Option<String>,
    /// `Location`, if it had one.
    pub location: Option<String>,
}

/// A key that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingKey {
    /// Method and path of its request.
    pub operation: String,
    /// SHA-256 of its request's body.
    pub body_hash: Vec<u8>,
    /// Until when its claim holds, if it still runs.
    pub locked_until: Timestamp,
    /// Its answer, once there is one.
    pub answer: Option<StoredAnswer>,
    /// What it has made before its answer was known.
    pub resource_id: Option<Uuid>,
}

/// Claims a key that nobody has used; `false` when somebody has.
pub async fn claim(client: &Client, claim: &Claim, now: Timestamp) -> Result<bool, StoreError> {
    let Claim { principal, key, operation, body_hash, locked_until, .. } = claim;
    Ok(client.execute(CLAIM, &[principal, key, operation, body_hash, locked_until, &now]).await? == 1)
}

/// The key as it stands.
pub async fn get(client: &Client, principal: &str, key: &str) -> Result<Option<ExistingKey>, StoreError> {
    Ok(client.query_opt(GET, &[&principal, &key]).await?.map(|row| existing(&row)))
}

fn existing(row: &Row) -> ExistingKey {
    let status: Option<i16> = row.get(4);
    let answer = |status| StoredAnswer {
        status,
        body: row.get::<_, Option<Vec<u8>>>(5).unwrap_or_default(),
        etag: row.get(6),
        location: row.get(7),
    };
    ExistingKey {
        operation: row.get(0),
        body_hash: row.get(1),
        locked_until: row.get(3),
        answer: status.map(answer),
        resource_id: row.get(8),
    }
}

/// Takes over a claim whose lease has run out; `false` when somebody else was first.
pub async fn take_over(client: &Client, claim: &Claim, now: Timestamp) -> Result<bool, StoreError> {
    let changed =
        client.execute(TAKE_OVER, &[&claim.principal, &claim.key, &claim.locked_until, &now]).await?;
    Ok(changed == 1)
}

/// Keeps the answer, in the transaction of the work. `false` when the claim was taken over meanwhile: the caller must
/// then roll back, since another request now runs in its place.
pub async fn finish(tx: &Tx, claim: &Claim, answer: &StoredAnswer) -> Result<bool, StoreError> {
    let StoredAnswer { status, body, etag, location } = answer;
    let params: crate::db::Params<'_> =
        &[&claim.principal, &claim.key, status, body, etag, location, &claim.locked_until];
    Ok(tx.execute(FINISH, params).await? == 1)
}

/// Keeps what the request has made while its answer is not known yet. `false` when the claim was taken over meanwhile.
pub async fn keep_resource(tx: &Tx, claim: &Claim, made: Uuid) -> Result<bool, StoreError> {
    let params: crate::db::Params<'_> = &[&claim.principal, &claim.key, &made, &claim.locked_until];
    Ok(tx.execute(KEEP_RESOURCE, params).await? == 1)
}

/// Ends a claim without an answer: whoever comes next with the same request takes it over.
pub async fn suspend(client: &Client, claim: &Claim) -> Result<(), StoreError> {
    client.execute(SUSPEND, &[&claim.principal, &claim.key, &claim.locked_until]).await.map(drop)
}

/// Gives a claim back after a failure that is not to be repeated to the client.
pub async fn release(client: &Client, claim: &Claim) -> Result<(), StoreError> {
    client.execute(RELEASE, &[&claim.principal, &claim.key, &claim.locked_until]).await.map(drop)
}

/// Deletes keys older than a time; answers how many.
pub async fn purge(client: &Client, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before]).await
}
