//! Answers by `Idempotency-Key`: claimed in a small transaction of their own, finished in the transaction of the work. Work
//! of a single transaction may claim its key in that one too: then there is never a claim without the work.
//!
//! A key belongs to its principal. A claim is a lease: when its process dies, the next request with the same key and
//! body takes it over after the lease, by a conditional update that only one can win.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // Nobody waits for the disk: a claim that a crash takes away has done nothing, since what it does commits behind it in
    // the same log.
    CLAIM = "
        with soon as materialized (select set_config('synchronous_commit', 'off', true) as setting)
        insert into idempotency_key (principal, key, operation, body_hash, state, locked_until, created_at)
        select $1, $2, $3, $4::bytea, 'running', $5::timestamptz, $6::timestamptz
          from soon
        on conflict (principal, key) do nothing";
    // In one order by all, so that two transactions wait for each other's keys one way only. Whoever inserts a key that
    // another transaction has inserted waits for its end.
    CLAIM_ALL = "
        insert into idempotency_key (principal, key, operation, body_hash, state, locked_until, created_at)
        select c.principal, c.key, c.operation, c.body_hash, 'running', c.locked_until, $6::timestamptz
          from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[])
               as c (principal, key, operation, body_hash, locked_until)
         order by c.principal, c.key
        on conflict (principal, key) do nothing
        returning principal, key";
    GET = "
        select operation, body_hash, state, locked_until, response_status, response_body, response_etag, response_location,
               resource_id
          from idempotency_key
         where principal = $1 and key = $2";
    TAKE_OVER = "
        update idempotency_key
           set locked_until = $3
         where principal = $1 and key = $2 and state = 'running' and locked_until < $4
        returning resource_id";
    // What is locked cannot be taken over until the transaction ends. A claim under which something was made is for whoever
    // goes on with that, never for a second one.
    KEEP = "
        select c.place
          from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality as c (principal, key, locked_until, place)
          join idempotency_key k on k.principal = c.principal and k.key = c.key
         where k.state = 'running' and k.locked_until = c.locked_until and k.resource_id is null
           for no key update of k";
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
    RELEASE_ALL = "
        delete from idempotency_key k
         using unnest($1::text[], $2::text[], $3::timestamptz[]) as c (principal, key, locked_until)
         where k.principal = c.principal and k.key = c.key and k.state = 'running' and k.locked_until = c.locked_until";
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
    /// Not stored: the key is inserted by the transaction of the work ([`claim_all`]), and stands or falls with it.
    pub is_new: bool,
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

/// Claims keys in the transaction of their work; answers for each whether it is ours, and no one else's until the end of
/// the transaction. Of two with the same key one is.
pub async fn claim_all(tx: &Tx, claims: &[&Claim], now: Timestamp) -> Result<Vec<bool>, StoreError> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let texts = |of: fn(&Claim) -> &str| claims.iter().map(|claim| of(claim)).collect::<Vec<_>>();
    let params: crate::db::Params<'_> = &[
        &texts(|claim| &claim.principal),
        &texts(|claim| &claim.key),
        &texts(|claim| &claim.operation),
        &claims.iter().map(|claim| claim.body_hash.as_slice()).collect::<Vec<_>>(),
        &claims.iter().map(|claim| claim.locked_until).collect::<Vec<_>>(),
        &now,
    ];
    let rows = tx.query(CLAIM_ALL, params).await?;
    let mut ours: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok(claims.iter().map(|claim| ours.remove(&(claim.principal.as_str(), claim.key.as_str()))).collect())
}

/// Prepares what [`claim_all`] and [`keep_all`] send, so that it goes where it stands in a flight.
pub async fn ready_to_claim(tx: &Tx) -> Result<(), StoreError> {
    tx.ready(CLAIM_ALL).await?;
    tx.ready(KEEP).await
}

/// Whether [`claim_all`] has waited in vain for another transaction that has inserted one of its keys.
pub fn is_key_locked(error: &StoreError) -> bool {
    matches!(error, StoreError::Database { statement, .. } if *statement == CLAIM_ALL.name)
        && error.is_lock_timeout()
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

/// Takes a claim over whose lease ran out: the outer `None` when it has not, or somebody else was quicker. Answers what the
/// request before had begun by the moment of the take-over, which may have waited for it: read any earlier, it would be
/// begun twice.
pub async fn take_over(
    client: &Client,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<Option<Uuid>>, StoreError> {
    let row = client.query_opt(TAKE_OVER, &[&claim.principal, &claim.key, &claim.locked_until, &now]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Keeps the answer, in the transaction of the work. `false` when the claim was taken over meanwhile: the caller must
/// then roll back, since another request now runs in its place.
pub async fn finish(tx: &Tx, claim: &Claim, answer: &StoredAnswer) -> Result<bool, StoreError> {
    let StoredAnswer { status, body, etag, location } = answer;
    let params: crate::db::Params<'_> =
        &[&claim.principal, &claim.key, status, body, etag, location, &claim.locked_until];
    Ok(tx.execute(FINISH, params).await? == 1)
}

/// Keeps claims under which nothing was made yet from being taken over until the transaction ends; answers for each whether
/// it still holds.
pub async fn keep_all(tx: &Tx, claims: &[&Claim]) -> Result<Vec<bool>, StoreError> {
    let mut kept = vec![false; claims.len()];
    if claims.is_empty() {
        return Ok(kept);
    }
    let principals: Vec<&str> = claims.iter().map(|claim| claim.principal.as_str()).collect();
    let keys: Vec<&str> = claims.iter().map(|claim| claim.key.as_str()).collect();
    let locked: Vec<Timestamp> = claims.iter().map(|claim| claim.locked_until).collect();
    for row in tx.query(KEEP, &[&principals, &keys, &locked]).await? {
        let place = usize::try_from(row.get::<_, i64>(0)).unwrap_or(0);
        if let Some(kept) = kept.get_mut(place.saturating_sub(1)) {
            *kept = true;
        }
    }
    Ok(kept)
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

/// Gives claims back whose work is not done, in the transaction that took them.
pub async fn release_all(tx: &Tx, claims: &[&Claim]) -> Result<(), StoreError> {
    if claims.is_empty() {
        return Ok(());
    }
    let principals: Vec<&str> = claims.iter().map(|claim| claim.principal.as_str()).collect();
    let keys: Vec<&str> = claims.iter().map(|claim| claim.key.as_str()).collect();
    let locked: Vec<Timestamp> = claims.iter().map(|claim| claim.locked_until).collect();
    tx.execute(RELEASE_ALL, &[&principals, &keys, &locked]).await.map(drop)
}

/// Deletes keys older than a time; answers how many.
pub async fn purge(client: &Client, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before]).await
}
