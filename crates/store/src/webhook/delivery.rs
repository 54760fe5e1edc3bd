//! Deliveries as staff read them, with the tries of each, and their being sent anew.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, EventId, WebhookEndpointId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select event_id, event_type, state, attempts, next_at, created_at, finished_at
          from webhook_delivery
         where endpoint_id = $1
           and ($2::text is null or state = $2)
           and ($3::text is null or event_type = $3)
           and ($4::timestamptz is null or created_at >= $4)
           and ($5::uuid is null or event_id < $5)
         order by event_id desc
         limit $6";
    /// [`LIST`] of one state other than `delivered`, found in the index of those.
    LIST_UNDELIVERED = "
        select event_id, event_type, state, attempts, next_at, created_at, finished_at
          from webhook_delivery
         where endpoint_id = $1
           and state <> 'delivered'
           and state = $2
           and ($3::text is null or event_type = $3)
           and ($4::timestamptz is null or created_at >= $4)
           and ($5::uuid is null or event_id < $5)
         order by event_id desc
         limit $6";
    GET = "
        select event_id, event_type, state, attempts, next_at, created_at, finished_at
          from webhook_delivery
         where endpoint_id = $1 and event_id = $2";
    ATTEMPTS = "
        select number, at, duration_ms, status_code, response, error
          from webhook_attempt
         where endpoint_id = $1 and event_id = $2
         order by number desc
         limit 100";
    /// What the endpoint would be told today of what happened since. What waits already, or is under way, stays as it is and
    /// takes no room of the limit: the next call goes on behind it.
    REPLAY_SINCE = "
        with wanted as materialized (
            select e.id as endpoint_id, o.event_id, o.id, o.type, o.created_at
              from webhook_endpoint e
              join outbox o
                on o.created_at >= $2
               and o.id > coalesce($6::int8, 0)
               and e.event_types && array[o.type, split_part(o.type, '.', 1) || '.*', '*']
               and o.type not in ('webhook_endpoint.test', 'webhook_endpoint.moved')
              left join webhook_delivery d on d.endpoint_id = e.id and d.event_id = o.event_id
             where e.id = $1
               and (d.event_id is null
                    or d.leased_until is null and d.state <> 'pending' and (d.state <> 'delivered' or $4))
             order by o.id
             limit $5),
        queued as (
            insert into webhook_delivery as d
                   (endpoint_id, event_id, event_row, event_type, state, bulk, next_at, created_at)
            select endpoint_id, event_id, id, type, 'pending', true, $3, created_at
              from wanted
                on conflict (endpoint_id, event_id) do update
               set state = 'pending', bulk = true, step = 0, next_at = $3, finished_at = null
             where d.leased_until is null and d.state <> 'pending' and (d.state <> 'delivered' or $4)
            returning 1)
        select (select count(*) from queued),
               (select event_id from wanted order by id offset $5 - 1)";
    EVENT_ROW = "
        select event_row from webhook_delivery where endpoint_id = $1 and event_id = $2";
    REPLAY_ONE = "
        update webhook_delivery
           set state = 'pending', bulk = false, step = 0, next_at = $3, finished_at = null
         where endpoint_id = $1 and event_id = $2 and leased_until is null and url is null";
    LEAD = "
        update webhook_delivery set url = $3, secret = $4 where endpoint_id = $1 and event_id = $2";
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The event; the endpoint knows it by this.
    pub event_id: EventId,
    /// What it tells of.
    pub event_type: String,
    /// `pending`, `failed`, `delivered` or `dead`.
    pub state: String,
    /// Tries.
    pub attempts: i32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was taken, or given up.
    pub finished_at: Option<Timestamp>,
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// Which, from 1.
    pub number: i32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// Status of the answer, if there was one.
    pub status_code: Option<i32>,
    /// Beginning of the answer.
    pub response: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
}

/// Which deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: Option<String>,
    /// Of this event.
    pub event_type: Option<String>,
    /// Of what happened since.
    pub since: Option<Timestamp>,
}

/// Deliveries to an endpoint, newest first, older than `after`.
pub async fn list(
    client: &Client,
    endpoint: WebhookEndpointId,
    filter: &DeliveryFilter,
    (after, limit): (Option<EventId>, i64),
) -> Result<Vec<DeliveryRow>, StoreError> {
    let after = after.map(|id| id.as_uuid());
    let DeliveryFilter { state, event_type, since } = filter;
    let is_rare = state.as_deref().is_some_and(|state| state != "delivered");
    let sql = if is_rare { LIST_UNDELIVERED } else { LIST };
    let rows = client.query(sql, &[&endpoint.as_uuid(), state, event_type, since, &after, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// One delivery.
pub async fn get(
    client: &Client,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<Option<DeliveryRow>, StoreError> {
    let row = client.query_opt(GET, &[&endpoint.as_uuid(), &event.as_uuid()]).await?;
    Ok(row.as_ref().map(from_row))
}

/// The last hundred tries of a delivery, newest first.
pub async fn attempts(
    client: &Client,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<Vec<AttemptRow>, StoreError> {
    let rows = client.query(ATTEMPTS, &[&endpoint.as_uuid(), &event.as_uuid()]).await?;
    let read = |row: &Row| AttemptRow {
        number: row.get(0),
        at: row.get(1),
        duration_ms: row.get(2),
        status_code: row.get(3),
        response: row.get(4),
        error: row.get(5),
    };
    Ok(rows.iter().map(read).collect())
}

/// What is to be sent anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// What happened since.
    pub since: Timestamp,
    /// Also what was delivered.
    pub delivered_too: bool,
    /// What was written after this event of [`event_row`].
    pub after: Option<i64>,
    /// Deliveries at most, from the oldest.
    pub limit: i64,
}

/// What is sent anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Deliveries.
    pub count: i64,
    /// The last event, when there may be more behind it.
    pub last: Option<EventId>,
}

/// Sends anew what happened since a time, as far as the outbox keeps it.
pub async fn replay_since(
    tx: &Tx,
    endpoint: WebhookEndpointId,
    replay: Replay,
    now: Timestamp,
) -> Result<Replayed, StoreError> {
    let Replay { since, delivered_too, after, limit } = replay;
    let params: crate::db::Params<'_> = &[&endpoint.as_uuid(), &since, &now, &delivered_too, &limit, &after];
    let row = tx.query_one(REPLAY_SINCE, params).await?;
    let last: Option<uuid::Uuid> = row.get(1);
    Ok(Replayed { count: row.get(0), last: last.map(EventId::from_uuid) })
}

/// The row in the outbox of an event that an endpoint was told, or is to be.
pub async fn event_row(
    client: &Client,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<Option<i64>, StoreError> {
    let row = client.query_opt(EVENT_ROW, &[&endpoint.as_uuid(), &event.as_uuid()]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Sends a delivery that was just written to an address, and signs it with a secret, that are not its endpoint's any more.
pub async fn lead(
    tx: &Tx,
    endpoint: WebhookEndpointId,
    event: EventId,
    (url, secret): (&str, &[u8]),
) -> Result<(), StoreError> {
    tx.execute(LEAD, &[&endpoint.as_uuid(), &event.as_uuid(), &url, &secret]).await.map(drop)
}

/// Sends one delivery anew; `false` when there is none, when it is being sent, or when it went to a former address.
pub async fn replay_one(
    tx: &Tx,
    endpoint: WebhookEndpointId,
    event: EventId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(REPLAY_ONE, &[&endpoint.as_uuid(), &event.as_uuid(), &now]).await? == 1)
}

fn from_row(row: &Row) -> DeliveryRow {
    DeliveryRow {
        event_id: EventId::from_uuid(row.get("event_id")),
        event_type: row.get("event_type"),
        state: row.get("state"),
        attempts: row.get("attempts"),
        next_at: row.get("next_at"),
        created_at: row.get("created_at"),
        finished_at: row.get("finished_at"),
    }
}
