//! What providers tell us: stored before it is acknowledged, worked off after, none twice.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::payment::PaymentProvider;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    RECEIVE = "
        insert into webhook_inbox (provider, event_id, kind, payload, state, next_at, received_at)
        values ($1, $2, $3, $4, 'pending', $5, $5)
        on conflict (provider, event_id) do nothing";
    TAKE = "
        select provider, event_id, kind, payload, attempts, received_at
          from webhook_inbox
         where state = 'pending' and next_at <= $1
         order by next_at
         limit 1
           for update skip locked";
    DONE = "
        update webhook_inbox set state = 'done', done_at = $3, last_error = null where provider = $1 and event_id = $2";
    LEASE = "
        update webhook_inbox
           set attempts = attempts + 1, next_at = $3
         where provider = $1 and event_id = $2";
    AGAIN = "
        update webhook_inbox
           set state = $3, next_at = $4, last_error = $5
         where provider = $1 and event_id = $2";
    PARKED = "
        select count(*), (array_agg(last_error order by received_at desc))[1]
          from webhook_inbox
         where state = 'parked'";
    REPLAY_PARKED = "
        update webhook_inbox
           set state = 'pending', attempts = 0, next_at = $1
         where state = 'parked'";
    KNOWN = "
        select event_id from webhook_inbox where provider = $1 and event_id = any($2)";
    LISTED_UNTIL = "
        select listed_until from webhook_listing where provider = $1";
    LIST_ON = "
        insert into webhook_listing (provider, listed_until)
        values ($1, $2)
        on conflict (provider) do update
           set listed_until = greatest(webhook_listing.listed_until, excluded.listed_until)";
    PURGE = "
        delete from webhook_inbox where done_at < $1";
}

/// An event that waits to be worked off.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxEvent {
    /// Who told it.
    pub provider: PaymentProvider,
    /// The provider's id of it.
    pub event_id: String,
    /// The provider's word for what it is about.
    pub kind: String,
    /// Its body.
    pub payload: Value,
    /// Tries so far.
    pub attempts: i32,
    /// When it came.
    pub received_at: Timestamp,
}

/// Stores an event; `false` when it was stored before.
pub async fn receive(
    client: &Client,
    provider: PaymentProvider,
    (event_id, kind): (&str, &str),
    payload: &Value,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let params: crate::db::Params<'_> = &[&provider.as_str(), &event_id, &kind, payload, &now];
    Ok(client.execute(RECEIVE, params).await? == 1)
}

/// Takes the event that is due the longest and keeps others from it until the transaction ends.
pub async fn take(tx: &Tx, now: Timestamp) -> Result<Option<InboxEvent>, StoreError> {
    let Some(row) = tx.query_opt(TAKE, &[&now]).await? else { return Ok(None) };
    let provider = PaymentProvider::parse(row.get(0));
    Ok(Some(InboxEvent {
        provider: provider.ok_or_else(|| StoreError::inconsistent("webhook_inbox", "provider"))?,
        event_id: row.get(1),
        kind: row.get(2),
        payload: row.get(3),
        attempts: row.get(4),
        received_at: row.get(5),
    }))
}

/// Counts a try at an event and keeps others from it until `until`: whoever dies on it gives it back by doing nothing.
pub async fn lease(tx: &Tx, event: &InboxEvent, until: Timestamp) -> Result<(), StoreError> {
    tx.execute(LEASE, &[&event.provider.as_str(), &event.event_id, &until]).await.map(drop)
}

/// Marks an event as worked off.
pub async fn done(client: &Client, event: &InboxEvent, now: Timestamp) -> Result<(), StoreError> {
    client.execute(DONE, &[&event.provider.as_str(), &event.event_id, &now]).await.map(drop)
}

/// Puts an event back until `next_at`, or aside for people where that is `None`.
pub async fn again(
    client: &Client,
    event: &InboxEvent,
    next_at: Option<Timestamp>,
    error: &str,
) -> Result<(), StoreError> {
    let state = if next_at.is_some() { "pending" } else { "parked" };
    let next_at = next_at.unwrap_or(event.received_at);
    let params: crate::db::Params<'_> =
        &[&event.provider.as_str(), &event.event_id, &state, &next_at, &error];
    client.execute(AGAIN, params).await.map(drop)
}

/// How many events are parked, and why the last one that came is.
pub async fn parked(client: &Client) -> Result<(i64, Option<String>), StoreError> {
    let row = client.query_one(PARKED, &[]).await?;
    Ok((row.get(0), row.get(1)))
}

/// Has the parked events worked off again; answers how many.
pub async fn replay_parked(client: &Client, now: Timestamp) -> Result<u64, StoreError> {
    client.execute(REPLAY_PARKED, &[&now]).await
}

/// Which of these events are stored.
pub async fn known(
    client: &Client,
    provider: PaymentProvider,
    event_ids: &[&str],
) -> Result<BTreeSet<String>, StoreError> {
    let rows = client.query(KNOWN, &[&provider.as_str(), &event_ids]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Up to when the provider's own list was read; `None` when it never was.
pub async fn listed_until(
    client: &Client,
    provider: PaymentProvider,
) -> Result<Option<Timestamp>, StoreError> {
    let row = client.query_opt(LISTED_UNTIL, &[&provider.as_str()]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Notes up to when the provider's own list was read; it never goes back.
pub async fn list_on(client: &Client, provider: PaymentProvider, until: Timestamp) -> Result<(), StoreError> {
    client.execute(LIST_ON, &[&provider.as_str(), &until]).await.map(drop)
}

/// Deletes events that were worked off before a time; answers how many.
pub async fn purge(client: &Client, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before]).await
}
