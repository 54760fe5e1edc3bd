//! What happened to an order, for people: placed, paid, sent, and the notes of staff.

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::kernel::ids::{EntityId, OrderEventId, OrderId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into order_event (id, order_id, kind, actor_kind, actor_id, data, created_at)
        select e.id, e.order_id, e.kind, e.actor_kind, e.actor_id, e.data, e.created_at
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[], $7::timestamptz[])
               as e (id, order_id, kind, actor_kind, actor_id, data, created_at)";
    LIST = "
        select id, order_id, kind, actor_kind, actor_id, data, created_at
          from order_event
         where order_id = $1 and ($2::uuid is null or id > $2)
         order by id
         limit $3";
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEventRow {
    /// Id; by time of its making.
    pub id: OrderEventId,
    /// The order.
    pub order_id: OrderId,
    /// What, in snake case: `placed`, `paid`, `note`.
    pub kind: String,
    /// Who: `customer`, `guest`, `api_key`, `system`, `provider`.
    pub actor_kind: String,
    /// Which of them.
    pub actor_id: Option<Uuid>,
    /// Facts.
    pub data: Value,
    /// When.
    pub created_at: Timestamp,
}

/// Writes what happened.
pub async fn insert(tx: &Tx, events: &[OrderEventRow]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = events.iter().map(|event| event.id.as_uuid()).collect();
    let orders: Vec<Uuid> = events.iter().map(|event| event.order_id.as_uuid()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let actors: Vec<&str> = events.iter().map(|event| event.actor_kind.as_str()).collect();
    let actor_ids: Vec<Option<Uuid>> = events.iter().map(|event| event.actor_id).collect();
    let data: Vec<&Value> = events.iter().map(|event| &event.data).collect();
    let times: Vec<Timestamp> = events.iter().map(|event| event.created_at).collect();
    tx.execute(INSERT, &[&ids, &orders, &kinds, &actors, &actor_ids, &data, &times]).await.map(drop)
}

/// What happened to an order behind `after`, in order of time.
pub async fn list(
    client: &Client,
    order: OrderId,
    after: Option<OrderEventId>,
    limit: i64,
) -> Result<Vec<OrderEventRow>, StoreError> {
    let after = after.map(|id| id.as_uuid());
    let rows = client.query(LIST, &[&order.as_uuid(), &after, &limit]).await?;
    let events = rows.iter().map(|row| OrderEventRow {
        id: OrderEventId::from_uuid(row.get(0)),
        order_id: OrderId::from_uuid(row.get(1)),
        kind: row.get(2),
        actor_kind: row.get(3),
        actor_id: row.get(4),
        data: row.get(5),
        created_at: row.get(6),
    });
    Ok(events.collect())
}
