//! Writes the log of searches out as documents of User Behavior Insights (<https://github.com/o19s/ubi>, schema 1.2), in the lines
//! that OpenSearch's `_bulk` takes. Every document has an id of its own: what is taken twice is there once.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{EntityId, OrderId, ProductId, SearchQueryId};
use tradepost_store::search_log::{self, LoggedEvent, SearchRow};
use tradepost_store::{Store, StoreError};
use uuid::Uuid;

/// Rows that are read at once.
const BATCH: i64 = 1_000;
const APPLICATION: &str = "tradepost";

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogExport {
    /// Searches.
    pub queries: u64,
    /// Events.
    pub events: u64,
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum LogExportError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What takes the lines failed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
}

/// Writes what was noted since a time, two lines each: `index` with the id, and the document.
pub async fn export_search_log(
    store: &Store,
    since: Timestamp,
    out: &mut (dyn Write + Send),
) -> Result<LogExport, LogExportError> {
    let conn = store.worker().conn().await?;
    let mut written = LogExport::default();
    let mut after: SearchQueryId = EntityId::from_uuid(Uuid::nil());
    loop {
        let rows = search_log::export_searches(&conn, after, since, BATCH).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in &rows {
            line(out, ("ubi_queries", &row.id.to_string()), &query(row))?;
            written.queries = written.queries.saturating_add(1);
        }
    }
    let mut after = (EntityId::from_uuid(Uuid::nil()), "", Uuid::nil());
    loop {
        let rows = search_log::export_events(&conn, after, since, BATCH).await?;
        let Some(LoggedEvent { event, .. }) = rows.last() else { break };
        after = (event.query_id, event.action, event.object_id);
        for row in &rows {
            let id = format!("{} {} {}", row.event.query_id, row.event.action, object_id(row));
            line(out, ("ubi_events", &id), &self::event(row))?;
            written.events = written.events.saturating_add(1);
        }
    }
    Ok(written)
}

fn line(out: &mut (dyn Write + Send), (index, id): (&str, &str), document: &Value) -> std::io::Result<()> {
    writeln!(out, "{}", json!({"index": {"_index": index, "_id": id}}))?;
    writeln!(out, "{document}")
}

fn query(row: &SearchRow) -> Value {
    let outcome = &row.outcome;
    json!({
        "application": APPLICATION,
        "query_id": row.id.to_string(),
        "timestamp": row.at,
        "client_id": row.client_id,
        "user_query": row.words,
        "object_id_field": "product_id",
        "query_response_hit_ids": outcome.hit_ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "query_attributes": {
            "channel_id": row.channel_id.to_string(),
            "locale": row.locale,
            "is_initial": row.is_initial,
            "step": outcome.step,
            "redirect": outcome.redirect,
            "banners": outcome.banners,
            "hits": outcome.hit_ids.len(),
        },
    })
}

fn object_id(row: &LoggedEvent) -> String {
    let id = row.event.object_id;
    if row.event.action == "purchase" {
        OrderId::from_uuid(id).to_string()
    } else {
        ProductId::from_uuid(id).to_string()
    }
}

fn event(row: &LoggedEvent) -> Value {
    let event = &row.event;
    let field = if event.action == "purchase" { "order_id" } else { "product_id" };
    json!({
        "application": APPLICATION,
        "action_name": event.action,
        "query_id": event.query_id.to_string(),
        "timestamp": event.at,
        "client_id": row.client_id,
        "user_query": row.words,
        "event_attributes": {
            "object": {"object_id": object_id(row), "object_id_field": field},
            "position": {"ordinal": event.position},
        },
    })
}
