//! The outbox: events written in the transaction of the change they tell of, dispatched after it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio_postgres::types::Json;
use tradepost_domain::kernel::ids::{EntityId, EventId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    PUSH = "
        insert into outbox (event_id, type, aggregate_id, version, payload, created_at, dispatched_at)
        select e.event_id, e.type, e.aggregate_id, e.version, e.payload, $6, e.dispatched_at
          from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int8[], $5::json[], $7::timestamptz[])
               as e (event_id, type, aggregate_id, version, payload, dispatched_at)";
    TAKE = "
        select id, event_id, type, aggregate_id, version, payload
          from outbox
         where dispatched_at is null and bulk = $1
         order by id
         limit $2
           for update skip locked";
    MARK = "
        update outbox set dispatched_at = $2 where id = any ($1)";
    COUNT_PENDING = "
        select count(*) from outbox where dispatched_at is null";
    PURGE = "
        delete from outbox where dispatched_at < $1";
    WAKE = "
        select pg_notify('tradepost_outbox_' || current_schema(), '')";
}

/// What events are about that the projector follows. Of all others nothing is left to do once they are written: webhook
/// deliveries are written with them.
pub const FOLLOWED: [&str; 15] = [
    "brand",
    "category",
    "channel",
    "collection",
    "media",
    "price",
    "price_list",
    "product",
    "product_type",
    "review",
    "search_rule",
    "search_synonym",
    "search_weights",
    "stock",
    "variant",
];

/// Facts of an event.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Payload {
    /// As values.
    Values(Value),
    /// As they were written for somebody else too.
    Written(Box<RawValue>),
}

impl From<Value> for Payload {
    fn from(values: Value) -> Self {
        Self::Values(values)
    }
}

impl From<Box<RawValue>> for Payload {
    fn from(written: Box<RawValue>) -> Self {
        Self::Written(written)
    }
}

/// An event to write.
#[derive(Debug, Clone)]
pub struct Event {
    /// Id; the receiver's key for telling repeats.
    pub id: EventId,
    /// What happened, in the past: `product.updated`.
    pub kind: &'static str,
    /// The thing it happened to.
    pub aggregate_id: Uuid,
    /// Version of the thing after it.
    pub version: i64,
    /// Facts that a receiver needs and could not read back.
    pub payload: Payload,
}

/// An event that waits to be dispatched.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingEvent {
    /// Row.
    pub row: i64,
    /// Id.
    pub id: EventId,
    /// What happened.
    pub kind: String,
    /// The thing it happened to.
    pub aggregate_id: Uuid,
    /// Version of the thing after it.
    pub version: i64,
    /// Facts.
    pub payload: Value,
}

/// Writes events, and wakes the projector when the transaction commits, where it follows one of them. Of what it does not
/// follow nobody is told: whoever notifies keeps all others who do from their commits until its own is on the disk.
pub async fn push(tx: &Tx, events: &[Event], now: Timestamp) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = events.iter().map(|event| event.id.as_uuid()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind).collect();
    let aggregates: Vec<Uuid> = events.iter().map(|event| event.aggregate_id).collect();
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    let payloads: Vec<Json<&Payload>> = events.iter().map(|event| Json(&event.payload)).collect();
    let dispatched: Vec<Option<Timestamp>> = events.iter().map(|event| dispatched_at(event, now)).collect();
    let params: crate::db::Params<'_> = &[&ids, &kinds, &aggregates, &versions, &payloads, &now, &dispatched];
    let told = async { if dispatched.iter().any(Option::is_none) { wake(tx).await } else { Ok(()) } };
    // On the heap: every change holds this.
    Box::pin(futures_util::future::try_join(tx.execute(PUSH, params), told)).await.map(drop)
}

/// When an event that is written now was read by all who follow it: at once where nobody does, else not yet.
pub(crate) fn dispatched_at(event: &Event, now: Timestamp) -> Option<Timestamp> {
    (!is_followed(event)).then_some(now)
}

/// Whether the projector follows an event, and is to be woken.
pub fn is_followed(event: &Event) -> bool {
    FOLLOWED.contains(&event.kind.split_once('.').map_or(event.kind, |(about, _)| about))
}

/// Wakes the projector when the transaction commits (at once outside one).
pub async fn wake(client: &Client) -> Result<(), StoreError> {
    client.query(WAKE, &[]).await.map(drop)
}

/// Which of the events that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Those that somebody waits for.
    Fresh,
    /// Those of an import.
    Bulk,
}

/// Takes up to `limit` pending events, oldest first, and keeps others from them until the transaction ends.
pub async fn take(tx: &Tx, lane: Lane, limit: usize) -> Result<Vec<PendingEvent>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.query(TAKE, &[&(lane == Lane::Bulk), &limit]).await?;
    let pending = rows.iter().map(|row| PendingEvent {
        row: row.get(0),
        id: EventId::from_uuid(row.get(1)),
        kind: row.get(2),
        aggregate_id: row.get(3),
        version: row.get(4),
        payload: row.get(5),
    });
    Ok(pending.collect())
}

/// Marks events as dispatched.
pub async fn mark_dispatched(tx: &Tx, rows: &[i64], now: Timestamp) -> Result<(), StoreError> {
    tx.execute(MARK, &[&rows, &now]).await.map(drop)
}

/// Events that wait.
pub async fn count_pending(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT_PENDING, &[]).await?.get(0))
}

/// Deletes events that were dispatched before a time; answers how many.
pub async fn purge_dispatched(client: &Client, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before]).await
}
