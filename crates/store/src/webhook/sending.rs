//! Deliveries as they are sent: taken for a time, and given back with what came of it.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, EventId, WebhookEndpointId};
use uuid::Uuid;

use crate::db::{Claim, Client, Db};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // Locks of sessions: they go with the session, however that ends.
    TRY_ALONE = "
        select pg_try_advisory_lock(hashtext('tradepost-webhook-sender-' || current_schema()))";
    ENTER = "
        select pg_advisory_lock_shared(hashtext('tradepost-webhook-sender-' || current_schema()))::text";
    NOT_ALONE = "
        select pg_advisory_unlock(hashtext('tradepost-webhook-sender-' || current_schema()))";
    FREE = "
        with freed as (
            update webhook_delivery set leased_until = null, next_at = $1 where leased_until is not null
            returning 1)
        select count(*) from freed";
    /// The limits keep it at two looks into the index for each endpoint: else everything that is due may be read and grouped.
    ENDPOINTS_DUE = "
        select e.id
          from webhook_endpoint e
         cross join lateral (
               select
                 from (values (false), (true)) as way (bulk)
                cross join lateral (
                      select from webhook_delivery d
                       where d.endpoint_id = e.id and d.bulk = way.bulk and d.state in ('pending', 'failed')
                         and d.next_at <= $1
                       limit 1) d
                limit 1) due
         where e.status = 'enabled'";
    /// What came in bulk has what room the rest leaves. The two are looked up one after the other, each in its own part
    /// of the index.
    ///
    /// Of two processes that look at the same time one passes by, as the endpoint is locked. One that looks while the
    /// other commits may get the lock with a count from before: for that moment an endpoint has up to twice its
    /// concurrency under way. No delivery is taken twice, since its row is looked at anew once it is locked.
    TAKE = "
        with lane as materialized (
            select e.id, e.url, e.secret, e.former_secret, e.former_secret_until,
                   case when e.failures >= $4 then 1 else e.concurrency end
                   - (select count(*) from webhook_delivery b where b.endpoint_id = e.id and b.leased_until > $2) as room
              from webhook_endpoint e
             where e.id = $1 and e.status = 'enabled'
               for no key update of e skip locked),
        due as materialized (
            select d.event_id
              from lane
             cross join (values (false), (true)) as way (bulk)
             cross join lateral (
                   select d.event_id, d.next_at
                     from webhook_delivery d
                    where d.endpoint_id = lane.id and d.bulk = way.bulk and d.state in ('pending', 'failed')
                      and d.next_at <= $2 and (d.leased_until is null or d.leased_until <= $2)
                    order by d.next_at, d.event_id
                    limit greatest(lane.room, 0)
                      for update skip locked) d
             order by way.bulk, d.next_at, d.event_id
             limit (select greatest(lane.room, 0) from lane)),
        taken as (
            update webhook_delivery d
               set leased_until = $3, next_at = $3
              from due
             where d.endpoint_id = $1 and d.event_id = due.event_id
            returning d.event_id, d.event_row, d.event_type, d.step, d.url, d.secret)
        select t.event_id, t.event_type, t.step, o.aggregate_id, o.version, o.payload, o.created_at,
               coalesce(t.url, l.url) as url, coalesce(t.secret, l.secret) as secret,
               case when t.url is null then l.former_secret end as former_secret, l.former_secret_until
          from taken t
         cross join lane l
          left join outbox o on o.id = t.event_row
         order by t.event_id";
    TAKE_ONE = "
        with taken as (
            update webhook_delivery
               set leased_until = $4, next_at = $4
             where endpoint_id = $1 and event_id = $2 and state in ('pending', 'failed')
               and (leased_until is null or leased_until <= $3)
            returning endpoint_id, event_id, event_row, event_type, step)
        select t.event_id, t.event_type, t.step, o.aggregate_id, o.version, o.payload, o.created_at,
               e.url, e.secret, e.former_secret, e.former_secret_until
          from taken t
          join webhook_endpoint e on e.id = t.endpoint_id
          left join outbox o on o.id = t.event_row";
    /// A try that took too long may find that another took its place: what it failed at is not its to say any more, but
    /// what it delivered is delivered.
    RECORD = "
        with done as (
            update webhook_delivery
               set state = $4, attempts = attempts + 1, step = step + 1, next_at = $5, finished_at = $6,
                   leased_until = null, secret = case when $6::timestamptz is null then secret end
             where endpoint_id = $1 and event_id = $2 and state in ('pending', 'failed')
               and (leased_until = $3 or $4 = 'delivered')
            returning attempts)
        insert into webhook_attempt (endpoint_id, event_id, number, at, duration_ms, status_code, response, error)
        select $1, $2, attempts, $7, $8, $9, $10, $11
          from done";
    /// With what else is due to the endpoint: it waits for the same.
    PARK = "
        update webhook_delivery
           set next_at = $5, leased_until = null
         where endpoint_id = $1 and state in ('pending', 'failed')
           and (event_id = $2 and leased_until = $3 or leased_until is null and next_at <= $4)";
    PURGE = "
        delete from webhook_delivery
         where ctid = any (array (select ctid from webhook_delivery where created_at < $1 limit $2))
           and created_at < $1";
    /// Up to `$2` from each end of the index: whoever asks how much waits must not read all of it.
    BACKLOG = "
        with way as materialized (
            select e.id, b.bulk
              from webhook_endpoint e
             cross join (values (false), (true)) as b (bulk)
             where e.status = 'enabled')
        select (select count(*)
                  from (select
                          from way
                         cross join lateral (
                               select from webhook_delivery d
                                where d.endpoint_id = way.id and d.bulk = way.bulk
                                  and d.state in ('pending', 'failed') and d.next_at <= $1
                                limit $2) d
                         limit $2) counted),
               (select min(first.next_at)
                  from way
                 cross join lateral (
                       select d.next_at from webhook_delivery d
                        where d.endpoint_id = way.id and d.bulk = way.bulk
                          and d.state in ('pending', 'failed') and d.next_at <= $1
                        order by d.next_at
                        limit 1) first)";
}

/// A delivery that is this process's to send, for a time.
#[derive(Clone)]
pub struct TakenDelivery {
    /// The event.
    pub event_id: EventId,
    /// What it tells of.
    pub event_type: String,
    /// Tries before, since it was last sent anew.
    pub step: i32,
    /// The event itself; `None` when it is no longer kept.
    pub event: Option<TakenEvent>,
    /// Where it goes.
    pub url: String,
    /// What signs.
    pub secret: Vec<u8>,
    /// What signs besides, until then.
    pub former_secret: Option<(Vec<u8>, Timestamp)>,
}

impl std::fmt::Debug for TakenDelivery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TakenDelivery").field("event_id", &self.event_id).finish_non_exhaustive()
    }
}

/// What happened, as it was written in the transaction of the change.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenEvent {
    /// The thing it happened to.
    pub aggregate_id: Uuid,
    /// Version of the thing after it.
    pub version: i64,
    /// Facts.
    pub payload: Value,
    /// When.
    pub created_at: Timestamp,
}

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TryResult {
    /// State of the delivery from now on.
    pub state: &'static str,
    /// When it is tried again, if it is.
    pub next_at: Option<Timestamp>,
    /// When it was taken or given up.
    pub finished_at: Option<Timestamp>,
    /// When the try began.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// Status of the answer, if there was one.
    pub status_code: Option<i32>,
    /// Beginning of the answer: at most 1,024 bytes.
    pub response: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
}

/// Tells that this process sends, for as long as it holds what this answers. What was left under way by processes that died is
/// due at `now`, if `frees` and no other process sends: it would keep the room of its endpoints until its lease is over.
pub async fn enter(db: &Db, (now, frees): (Timestamp, bool)) -> Result<Claim, StoreError> {
    let session = db.session().await?;
    let is_alone = frees && session.query_one(TRY_ALONE, &[]).await?.get(0);
    if is_alone {
        session.query_one(FREE, &[&now]).await?;
    }
    session.query_one(ENTER, &[]).await?;
    if is_alone {
        session.query_one(NOT_ALONE, &[]).await?;
    }
    Ok(session.leave_pool())
}

/// Enabled endpoints that something is due to.
pub async fn endpoints_due(client: &Client, now: Timestamp) -> Result<Vec<WebhookEndpointId>, StoreError> {
    let rows = client.query(ENDPOINTS_DUE, &[&now]).await?;
    Ok(rows.iter().map(|row| WebhookEndpointId::from_uuid(row.get(0))).collect())
}

/// Takes what is due to an endpoint until `lease`, as much as its concurrency leaves room for (1 from `failures_max`
/// failures in a row on), and what came in bulk after all else.
pub async fn take(
    client: &Client,
    endpoint: WebhookEndpointId,
    (now, lease): (Timestamp, Timestamp),
    failures_max: i64,
) -> Result<Vec<TakenDelivery>, StoreError> {
    let rows = client.query(TAKE, &[&endpoint.as_uuid(), &now, &lease, &failures_max]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// Takes one delivery, whether it is due or not, and whether its endpoint is enabled or not; `None` when another has it.
pub async fn take_one(
    client: &Client,
    endpoint: WebhookEndpointId,
    event: EventId,
    (now, lease): (Timestamp, Timestamp),
) -> Result<Option<TakenDelivery>, StoreError> {
    let row = client.query_opt(TAKE_ONE, &[&endpoint.as_uuid(), &event.as_uuid(), &now, &lease]).await?;
    Ok(row.as_ref().map(from_row))
}

/// Gives a delivery back with what came of the try that was taken until `lease`.
pub async fn record(
    client: &Client,
    (endpoint, event): (WebhookEndpointId, EventId),
    lease: Timestamp,
    result: &TryResult,
) -> Result<(), StoreError> {
    let TryResult { state, next_at, finished_at, at, duration_ms, status_code, response, error } = result;
    client
        .execute(
            RECORD,
            &[
                &endpoint.as_uuid(),
                &event.as_uuid(),
                &lease,
                state,
                next_at,
                finished_at,
                at,
                duration_ms,
                status_code,
                response,
                error,
            ],
        )
        .await
        .map(drop)
}

/// Gives a delivery back untried that was taken until `lease`, and lets it wait with all that is due to its endpoint.
pub async fn park(
    client: &Client,
    (endpoint, event): (WebhookEndpointId, EventId),
    lease: Timestamp,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[&endpoint.as_uuid(), &event.as_uuid(), &lease, &now, &until];
    client.execute(PARK, params).await.map(drop)
}

/// Deletes up to `limit` deliveries of what happened before a time, with their tries; answers how many.
pub async fn purge(client: &Client, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before, &limit]).await
}

/// Deliveries that are due to enabled endpoints, counted up to `limit`, and since when the oldest is.
pub async fn backlog(
    client: &Client,
    now: Timestamp,
    limit: i64,
) -> Result<(i64, Option<Timestamp>), StoreError> {
    let row = client.query_one(BACKLOG, &[&now, &limit]).await?;
    Ok((row.get(0), row.get(1)))
}

fn from_row(row: &Row) -> TakenDelivery {
    let aggregate_id: Option<Uuid> = row.get("aggregate_id");
    let event = aggregate_id.map(|aggregate_id| TakenEvent {
        aggregate_id,
        version: row.get("version"),
        payload: row.get("payload"),
        created_at: row.get("created_at"),
    });
    let former: Option<Vec<u8>> = row.get("former_secret");
    TakenDelivery {
        event_id: EventId::from_uuid(row.get("event_id")),
        event_type: row.get("event_type"),
        step: row.get("step"),
        event,
        url: row.get("url"),
        secret: row.get("secret"),
        former_secret: former.zip(row.get("former_secret_until")),
    }
}
