//! The log of searches and of what became of them: written in batches, thrown away by age.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{ChannelId, EntityId, ProductId, SearchQueryId};
use uuid::Uuid;

use crate::db::{Client, Params};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT_SEARCHES = "
        insert into search_query (id, at, channel_id, locale, client_id, words, is_initial, step, redirect, banners, hit_ids)
        select id, at, channel_id, locale, client_id, words, is_initial, step, redirect, banners, hit_ids::uuid[]
          from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::bool[], $8::text[],
                      $9::text[], $10::int4[], $11::text[])
               as s (id, at, channel_id, locale, client_id, words, is_initial, step, redirect, banners, hit_ids)
            on conflict do nothing";
    // What nobody was shown was not clicked, and what is no order of the channel was not bought.
    INSERT_EVENTS = "
        insert into search_event (query_id, action, object_id, position, at)
        select e.query_id, e.action, e.object_id, e.position, e.at
          from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int4[], $5::timestamptz[])
               as e (query_id, action, object_id, position, at)
          join search_query q on q.id = e.query_id
         where case when e.action = 'purchase'
                    then exists (select 1 from orders o where o.id = e.object_id and o.channel_id = q.channel_id)
                    else e.object_id = any (q.hit_ids)
               end
            on conflict do nothing";
    // Several processes may do so at once: what one is deleting, the others pass over.
    PURGE_EVENTS = "
        delete from search_event
         where ctid = any (array(select ctid from search_event where at < $1 limit $2 for update skip locked))";
    PURGE_SEARCHES = "
        delete from search_query
         where ctid = any (array(select ctid from search_query where at < $1 limit $2 for update skip locked))";
    // Ids grow with time.
    EXPORT_SEARCHES = "
        select id, at, channel_id, locale, client_id, words, is_initial, step, redirect, banners, hit_ids
          from search_query
         where id > $1 and at >= $2
         order by id
         limit $3";
    EXPORT_EVENTS = "
        select e.query_id, e.action, e.object_id, e.position, e.at, q.client_id, q.words
          from search_event e
          join search_query q on q.id = e.query_id
         where (e.query_id, e.action, e.object_id) > ($1, $2, $3) and e.at >= $4
         order by e.query_id, e.action, e.object_id
         limit $5";
    // The first process to write draws the key, and all others take it.
    CLIENT_KEY = "
        insert into setting (key, value, updated_at)
        values ('search_log_key', to_jsonb($1::text), $2)
            on conflict (key) do update set key = excluded.key
        returning value #>> '{}'";
}

/// A search that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRow {
    /// Id that its answer had.
    pub id: SearchQueryId,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub channel_id: ChannelId,
    /// In which locale.
    pub locale: String,
    /// Which browser, where its shopper has agreed to be recognised. What is written is a hash of it.
    pub client_id: Option<Uuid>,
    /// What was searched for: lower case, single blanks.
    pub words: String,
    /// Whether it is neither a further page nor a narrowed one of the same search.
    pub is_initial: bool,
    /// How it ended.
    pub outcome: Arc<Outcome>,
}

/// How a search ended: the same for all who are given the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// `exact`, `corrected` or `relaxed`; nothing where the database answered instead of the search.
    pub step: Option<&'static str>,
    /// Where a rule of search led to.
    pub redirect: Option<String>,
    /// Banners that rules of search showed.
    pub banners: i32,
    /// The products of the answer, in its order.
    pub hit_ids: Vec<ProductId>,
}

/// What became of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The search.
    pub query_id: SearchQueryId,
    /// `click`, `add_to_cart` or `purchase`.
    pub action: &'static str,
    /// The product; of a purchase, the order.
    pub object_id: Uuid,
    /// Place in the answer, from 1.
    pub position: Option<i32>,
    /// When.
    pub at: Timestamp,
}

fn column<'a, R, T>(rows: &'a [R], field: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(field).collect()
}

/// Ids as an array is written in text: arrays of different lengths cannot be the elements of one.
fn array(ids: &[ProductId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| id.as_uuid().to_string()).collect();
    format!("{{{}}}", ids.join(","))
}

/// Writes searches; those that are there already are left alone.
pub async fn insert_searches(client: &Client, rows: &[SearchRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let params: Params<'_> = &[
        &column(rows, |row| row.id.as_uuid()),
        &column(rows, |row| row.at),
        &column(rows, |row| row.channel_id.as_uuid()),
        &column(rows, |row| &row.locale),
        &column(rows, |row| row.client_id),
        &column(rows, |row| &row.words),
        &column(rows, |row| row.is_initial),
        &column(rows, |row| row.outcome.step),
        &column(rows, |row| row.outcome.redirect.as_deref()),
        &column(rows, |row| row.outcome.banners),
        &column(rows, |row| array(&row.outcome.hit_ids)),
    ];
    client.execute(INSERT_SEARCHES, params).await.map(drop)
}

/// Writes what became of searches that are there; answers how much of it could be believed and was new.
pub async fn insert_events(client: &Client, rows: &[EventRow]) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let params: Params<'_> = &[
        &column(rows, |row| row.query_id.as_uuid()),
        &column(rows, |row| row.action),
        &column(rows, |row| row.object_id),
        &column(rows, |row| row.position),
        &column(rows, |row| row.at),
    ];
    client.execute(INSERT_EVENTS, params).await
}

/// Throws away up to so many searches, and events, that are older; whether there may be more.
pub async fn purge(client: &Client, before: Timestamp, limit: i64) -> Result<bool, StoreError> {
    let events = client.execute(PURGE_EVENTS, &[&before, &limit]).await?;
    let searches = client.execute(PURGE_SEARCHES, &[&before, &limit]).await?;
    Ok(i64::try_from(events.max(searches)).is_ok_and(|purged| purged >= limit))
}

/// The key of the hashes of browsers: the one that the shop has, or else the one that was drawn.
pub async fn client_key(client: &Client, drawn: &str, now: Timestamp) -> Result<String, StoreError> {
    Ok(client.query_one(CLIENT_KEY, &[&drawn, &now]).await?.get(0))
}

/// Up to `limit` searches since a time whose ids come after one, in the order of their ids.
pub async fn export_searches(
    client: &Client,
    after: SearchQueryId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<SearchRow>, StoreError> {
    let rows = client.query(EXPORT_SEARCHES, &[&after.as_uuid(), &since, &limit]).await?;
    let row = |row: &Row| SearchRow {
        id: EntityId::from_uuid(row.get(0)),
        at: row.get(1),
        channel_id: EntityId::from_uuid(row.get(2)),
        locale: row.get(3),
        client_id: row.get(4),
        words: row.get(5),
        is_initial: row.get(6),
        outcome: Arc::new(Outcome {
            step: word(&["exact", "corrected", "relaxed"], row.get(7)),
            redirect: row.get(8),
            banners: row.get(9),
            hit_ids: row.get::<_, Vec<Uuid>>(10).into_iter().map(EntityId::from_uuid).collect(),
        }),
    };
    Ok(rows.iter().map(row).collect())
}

/// An event with the browser and the words of its search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The event.
    pub event: EventRow,
    /// Hash of the browser.
    pub client_id: Option<Uuid>,
    /// What was searched for.
    pub words: String,
}

/// Up to `limit` events since a time that come after one, in the order of their keys.
pub async fn export_events(
    client: &Client,
    (query_id, action, object_id): (SearchQueryId, &str, Uuid),
    since: Timestamp,
    limit: i64,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let params: Params<'_> = &[&query_id.as_uuid(), &action, &object_id, &since, &limit];
    let rows = client.query(EXPORT_EVENTS, params).await?;
    let row = |row: &Row| LoggedEvent {
        event: EventRow {
            query_id: EntityId::from_uuid(row.get(0)),
            action: word(&["click", "add_to_cart", "purchase"], row.get(1)).unwrap_or_default(),
            object_id: row.get(2),
            position: row.get(3),
            at: row.get(4),
        },
        client_id: row.get(5),
        words: row.get(6),
    };
    Ok(rows.iter().map(row).collect())
}

/// The one of some words that a text is; the schema lets no other in.
fn word(words: &[&'static str], text: Option<&str>) -> Option<&'static str> {
    words.iter().copied().find(|word| Some(*word) == text)
}
