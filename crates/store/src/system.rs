//! What operations ask the database: is it there, is it sound.

use jiff::Timestamp;
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    PING = "
        select 1";
    INSERT_DEFAULT_LOCATION = "
        insert into stock_location (id, handle, name, is_default, created_at, updated_at)
        select $1, $2, $3, true, $4, $4
         where not exists (select from stock_location where is_default)
            on conflict do nothing";
    CONNECTION_LIMIT = "
        select current_setting('max_connections')::int4";
    OUTBOX_BACKLOG = "
        select count(*), min(created_at) from outbox where dispatched_at is null";
    PROJECTION_BACKLOG = "
        select count(*) from projection_queue";
    MONEY_BACKLOG = "
        select (select count(*) from webhook_inbox where state = 'pending'),
               (select count(*) from webhook_inbox where state = 'parked'),
               (select count(*) from payment_attempt where unknown_since is not null),
               (select count(*) from refund where status = 'pending')";
    WRONG_RATINGS = "
        select count(*), min(p.handle)
          from product p
          left join (select product_id, sum(rating)::int8 as rating_sum, count(*) as rating_count
                       from review
                      where status = 'approved'
                      group by product_id) r on r.product_id = p.id
         where p.rating_sum <> coalesce(r.rating_sum, 0)
            or p.rating_count <> coalesce(r.rating_count, 0)";
    LIST_BLOBS = "
        select blob, renditions
          from media_asset
         where blob > $1
         order by blob
         limit $2";
}

/// Pictures of one page of [`list_blobs`].
const BLOB_PAGE: i64 = 5_000;

/// Things that are wrong: how many, and the name of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// How many.
    pub count: i64,
    /// Handle or SKU of one of them.
    pub example: Option<String>,
}

/// Money whose story is not at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyBacklog {
    /// Events of payment providers that wait to be worked off.
    pub inbox_pending: i64,
    /// Events that nobody understood for a day: somebody has to look at them.
    pub inbox_parked: i64,
    /// Attempts whose last outcome is not known.
    pub payments_unknown: i64,
    /// Refunds that are on their way.
    pub refunds_pending: i64,
}

/// How much money's story is not at its end.
pub async fn money_backlog(client: &Client) -> Result<MoneyBacklog, StoreError> {
    let row = client.query_one(MONEY_BACKLOG, &[]).await?;
    Ok(MoneyBacklog {
        inbox_pending: row.get(0),
        inbox_parked: row.get(1),
        payments_unknown: row.get(2),
        refunds_pending: row.get(3),
    })
}

/// Answers when the database answers.
pub async fn ping(client: &Client) -> Result<(), StoreError> {
    client.query_one(PING, &[]).await.map(drop)
}

/// Makes the default stock location unless there is one.
pub async fn insert_default_location(
    tx: &Tx,
    id: Uuid,
    (handle, name): (&str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(INSERT_DEFAULT_LOCATION, &[&id, &handle, &name, &now]).await.map(drop)
}

/// Connections that the server takes.
pub async fn connection_limit(client: &Client) -> Result<i32, StoreError> {
    Ok(client.query_one(CONNECTION_LIMIT, &[]).await?.get(0))
}

/// Events that wait, and since when the oldest does.
pub async fn outbox_backlog(client: &Client) -> Result<(i64, Option<Timestamp>), StoreError> {
    let row = client.query_one(OUTBOX_BACKLOG, &[]).await?;
    Ok((row.get(0), row.get(1)))
}

/// Products that wait to be rendered.
pub async fn projection_backlog(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(PROJECTION_BACKLOG, &[]).await?.get(0))
}

/// Products whose rating is not that of their approved reviews.
pub async fn wrong_ratings(client: &Client) -> Result<Wrong, StoreError> {
    let row = client.query_one(WRONG_RATINGS, &[]).await?;
    Ok(Wrong { count: row.get(0), example: row.get(1) })
}

/// Names of pictures and their renditions after a name, a page at a time; the second value is the name to go on from.
pub async fn list_blobs(client: &Client, after: &str) -> Result<(Vec<String>, Option<String>), StoreError> {
    let rows = client.query(LIST_BLOBS, &[&after, &BLOB_PAGE]).await?;
    let mut names = Vec::new();
    for row in &rows {
        names.push(row.get(0));
        let renditions: serde_json::Value = row.get(1);
        let widths = renditions.as_object().into_iter().flat_map(serde_json::Map::values);
        names.extend(widths.filter_map(serde_json::Value::as_str).map(str::to_owned));
    }
    Ok((names, rows.last().map(|row| row.get(0))))
}
