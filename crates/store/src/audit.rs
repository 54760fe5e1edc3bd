//! The audit log: who changed what, written in the transaction of the change. The table refuses updates and deletes.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into audit_log (id, at, actor_kind, actor_id, action, entity_kind, entity_id, before, after, ip, user_agent, request_id)
        select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[],
                             $8::jsonb[], $9::jsonb[], $10::text[], $11::text[], $12::text[])";
    LIST = "
        select id, at, actor_kind, actor_id, action, entity_kind, entity_id, before, after, ip, user_agent, request_id
          from audit_log
         where ($1::text is null or entity_kind = $1)
           and ($2::uuid is null or entity_id = $2)
           and ($3::uuid is null or actor_id = $3)
           and ($4::timestamptz is null or (at, id) < ($4, $5))
         order by at desc, id desc
         limit $6";
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// `api_key`, `staff` or `system`.
    pub actor_kind: String,
    /// Which of them.
    pub actor_id: Option<Uuid>,
    /// What was done: `product.update`.
    pub action: String,
    /// To what kind of thing.
    pub entity_kind: String,
    /// To which.
    pub entity_id: Option<Uuid>,
    /// The thing before, as far as it changed.
    pub before: Option<Value>,
    /// The thing after, as far as it changed.
    pub after: Option<Value>,
    /// Where the request came from.
    pub ip: Option<String>,
    /// What it said it was.
    pub user_agent: Option<String>,
    /// The request's id in the logs.
    pub request_id: Option<String>,
}

fn column<'a, T>(entries: &'a [AuditRow], field: impl Fn(&'a AuditRow) -> T) -> Vec<T> {
    entries.iter().map(field).collect()
}

/// Writes entries.
pub async fn insert_all(tx: &Tx, entries: &[AuditRow]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let params: crate::db::Params<'_> = &[
        &column(entries, |entry| entry.id),
        &column(entries, |entry| entry.at),
        &column(entries, |entry| &entry.actor_kind),
        &column(entries, |entry| entry.actor_id),
        &column(entries, |entry| &entry.action),
        &column(entries, |entry| &entry.entity_kind),
        &column(entries, |entry| entry.entity_id),
        &column(entries, |entry| &entry.before),
        &column(entries, |entry| &entry.after),
        &column(entries, |entry| &entry.ip),
        &column(entries, |entry| &entry.user_agent),
        &column(entries, |entry| &entry.request_id),
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// What to list.
#[derive(Debug, Default)]
pub struct AuditFilter {
    /// Only this kind of thing.
    pub entity_kind: Option<String>,
    /// Only this thing.
    pub entity_id: Option<Uuid>,
    /// Only what this one did.
    pub actor_id: Option<Uuid>,
    /// Only entries older than this one (its time and id).
    pub before: Option<(Timestamp, Uuid)>,
}

/// Entries, newest first.
pub async fn list(client: &Client, filter: &AuditFilter, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
    let (at, id) = filter.before.unzip();
    let AuditFilter { entity_kind, entity_id, actor_id, .. } = filter;
    let rows = client.query(LIST, &[entity_kind, entity_id, actor_id, &at, &id, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

fn from_row(row: &Row) -> AuditRow {
    AuditRow {
        id: row.get(0),
        at: row.get(1),
        actor_kind: row.get(2),
        actor_id: row.get(3),
        action: row.get(4),
        entity_kind: row.get(5),
        entity_id: row.get(6),
        before: row.get(7),
        after: row.get(8),
        ip: row.get(9),
        user_agent: row.get(10),
        request_id: row.get(11),
    }
}
