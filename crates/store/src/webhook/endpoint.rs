//! Endpoints: where they are, what they are told, and the secrets that sign it.

use std::fmt;

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, WebhookEndpointId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into webhook_endpoint (id, url, description, event_types, status, disabled_reason, disabled_at, secret,
                                      former_secret, former_secret_until, concurrency, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";
    UPDATE = "
        update webhook_endpoint
           set url = $2, description = $3, event_types = $4, status = $5, disabled_reason = $6, disabled_at = $7, secret = $8,
               former_secret = $9, former_secret_until = $10, concurrency = $11, version = $12, updated_at = $13
         where id = $1";
    /// Those who make endpoints wait for each other, so that the limit of their number holds.
    LOCK_FOR_COUNT = "
        select pg_advisory_xact_lock(hashtext('webhook_endpoint ' || current_schema()))";
    COUNT = "
        select count(*) from webhook_endpoint";
    GET = "
        select id, url, description, event_types, status, disabled_reason, disabled_at, secret, former_secret,
               former_secret_until, failures, failing_since, concurrency, version, created_at, updated_at
          from webhook_endpoint
         where id = $1";
    GET_FOR_UPDATE = "
        select id, url, description, event_types, status, disabled_reason, disabled_at, secret, former_secret,
               former_secret_until, failures, failing_since, concurrency, version, created_at, updated_at
          from webhook_endpoint
         where id = $1
           for no key update";
    LIST = "
        select id, url, description, event_types, status, disabled_reason, disabled_at, secret, former_secret,
               former_secret_until, failures, failing_since, concurrency, version, created_at, updated_at
          from webhook_endpoint
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    DELETE = "
        with gone as (delete from webhook_delivery where endpoint_id = $1)
        delete from webhook_endpoint where id = $1";
    RECOVER = "
        update webhook_endpoint set failures = 0, failing_since = null where id = $1 and failures > 0";
    FAIL = "
        update webhook_endpoint
           set failures = failures + 1, failing_since = coalesce(failing_since, $2)
         where id = $1
        returning failing_since";
    FORGET_FORMER_SECRETS = "
        update webhook_endpoint
           set former_secret = null, former_secret_until = null
         where former_secret_until <= $1";
    /// What waited while an endpoint was disabled is due now, and not since then.
    RESUME = "
        update webhook_delivery
           set next_at = $2
         where endpoint_id = $1 and state in ('pending', 'failed') and next_at < $2";
}

/// An endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// Id.
    pub id: WebhookEndpointId,
    /// Where it is.
    pub url: String,
    /// What staff call it.
    pub description: String,
    /// Names of events, `order.*`, or `*`.
    pub event_types: Vec<String>,
    /// Why and since when it is told nothing; `None` while it is enabled.
    pub disabled: Option<(String, Timestamp)>,
    /// What signs.
    pub secret: Vec<u8>,
    /// What signs besides, until then.
    pub former_secret: Option<(Vec<u8>, Timestamp)>,
    /// Failures since the last success.
    pub failures: i64,
    /// Since when there were only failures.
    pub failing_since: Option<Timestamp>,
    /// Deliveries at the same time.
    pub concurrency: i32,
    /// Grows by one with every change by people.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When people last changed it.
    pub updated_at: Timestamp,
}

impl fmt::Debug for EndpointRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EndpointRow")
            .field("id", &self.id)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl EndpointRow {
    /// Whether it is told of events.
    pub fn is_enabled(&self) -> bool {
        self.disabled.is_none()
    }

    fn status(&self) -> &'static str {
        if self.is_enabled() { "enabled" } else { "disabled" }
    }
}

/// Stores a new endpoint.
pub async fn insert(tx: &Tx, row: &EndpointRow) -> Result<(), StoreError> {
    write(tx, INSERT, row).await
}

/// Stores what people may change of an endpoint; not what its deliveries say of it.
pub async fn update(tx: &Tx, row: &EndpointRow) -> Result<(), StoreError> {
    write(tx, UPDATE, row).await
}

async fn write(tx: &Tx, sql: crate::sql::Sql, row: &EndpointRow) -> Result<(), StoreError> {
    let (reason, disabled_at) = row.disabled.clone().unzip();
    let (former, until) = row.former_secret.clone().unzip();
    tx.execute(
        sql,
        &[
            &row.id.as_uuid(),
            &row.url,
            &row.description,
            &row.event_types,
            &row.status(),
            &reason,
            &disabled_at,
            &row.secret,
            &former,
            &until,
            &row.concurrency,
            &row.version,
            &row.updated_at,
        ],
    )
    .await
    .map(drop)
}

/// How many there are. Whoever asks keeps others from making one until the transaction ends.
pub async fn count_for_insert(tx: &Tx) -> Result<i64, StoreError> {
    tx.query(LOCK_FOR_COUNT, &[]).await?;
    count(tx).await
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// One endpoint.
pub async fn get(client: &Client, id: WebhookEndpointId) -> Result<Option<EndpointRow>, StoreError> {
    Ok(client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// One endpoint, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, id: WebhookEndpointId) -> Result<Option<EndpointRow>, StoreError> {
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?.as_ref().map(from_row))
}

/// Endpoints, newest first, older than `after`.
pub async fn list(
    client: &Client,
    after: Option<WebhookEndpointId>,
    limit: i64,
) -> Result<Vec<EndpointRow>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// Deletes an endpoint with its deliveries.
pub async fn delete(tx: &Tx, id: WebhookEndpointId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

/// Notes that an endpoint has taken a delivery.
pub async fn recover(client: &Client, id: WebhookEndpointId) -> Result<(), StoreError> {
    client.execute(RECOVER, &[&id.as_uuid()]).await.map(drop)
}

/// Notes that an endpoint has not taken a delivery; answers since when there were only failures, `None` when the
/// endpoint is gone.
pub async fn fail(
    client: &Client,
    id: WebhookEndpointId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(client.query_opt(FAIL, &[&id.as_uuid(), &now]).await?.map(|row| row.get(0)))
}

/// Deletes the former secrets that sign no more.
pub async fn forget_former_secrets(client: &Client, now: Timestamp) -> Result<(), StoreError> {
    client.execute(FORGET_FORMER_SECRETS, &[&now]).await.map(drop)
}

/// Makes what waited while an endpoint was disabled due now.
pub async fn resume(tx: &Tx, id: WebhookEndpointId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(RESUME, &[&id.as_uuid(), &now]).await.map(drop)
}

fn from_row(row: &Row) -> EndpointRow {
    let reason: Option<String> = row.get("disabled_reason");
    let former: Option<Vec<u8>> = row.get("former_secret");
    EndpointRow {
        id: WebhookEndpointId::from_uuid(row.get("id")),
        url: row.get("url"),
        description: row.get("description"),
        event_types: row.get("event_types"),
        disabled: reason.zip(row.get("disabled_at")),
        secret: row.get("secret"),
        former_secret: former.zip(row.get("former_secret_until")),
        failures: row.get("failures"),
        failing_since: row.get("failing_since"),
        concurrency: row.get("concurrency"),
        version: row.get("version"),
        created_at: row.get("created_at"),
        updated_at: row.get("updated_at"),
    }
}
