//! Orders moved on: states, money that came and went, lines that were sent. Each under the order's lock.

use tradepost_domain::kernel::ids::{CustomerId, EntityId, OrderId};
use uuid::Uuid;

use super::{OrderLineRow, OrderRow};
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    UPDATE = "
        update orders
           set status = $2, payment_status = $3, fulfillment_status = $4, captured = $5, refunded = $6, metadata = $7, version = $8,
               updated_at = $9, expires_at = $10, confirmed_at = $11, completed_at = $12, canceled_at = $13, cancel_reason = $14
         where id = $1";
    UPDATE_LINES = "
        update order_line l
           set fulfilled = c.fulfilled, returned = c.returned, canceled = c.canceled,
               refunded_quantity = c.refunded_quantity, refunded_amount = c.refunded_amount
          from unnest($2::uuid[], $3::int4[], $4::int4[], $5::int4[], $6::int4[], $7::int8[])
               as c (id, fulfilled, returned, canceled, refunded_quantity, refunded_amount)
         where l.order_id = $1 and l.id = c.id";
    REPLACE_TOKEN = "
        update orders set token_hash = $2 where id = $1 and customer_id is null";
    // The token dies with the claim: from now on the customer's session opens the order.
    CLAIM = "
        update orders
           set customer_id = $2, token_hash = null, version = version + 1, updated_at = $3
         where id = $1 and customer_id is null
        returning version";
}

/// Stores what changed of an order's head.
pub async fn update(tx: &Tx, order: &OrderRow) -> Result<(), StoreError> {
    let params: Params<'_> = &[
        &order.id.as_uuid(),
        &order.status.as_str(),
        &order.payment_status.as_str(),
        &order.fulfillment_status.as_str(),
        &order.captured,
        &order.refunded,
        &tokio_postgres::types::Json(&order.metadata),
        &order.version,
        &order.updated_at,
        &order.expires_at,
        &order.confirmed_at,
        &order.completed_at,
        &order.canceled_at,
        &order.cancel_reason,
    ];
    tx.execute(UPDATE, params).await.map(drop)
}

/// Stores how far lines are sent and paid back.
pub async fn update_lines(tx: &Tx, order: OrderId, lines: &[&OrderLineRow]) -> Result<(), StoreError> {
    let units = |count: fn(&OrderLineRow) -> u32| -> Vec<i32> {
        lines.iter().map(|line| i32::try_from(count(line)).unwrap_or(i32::MAX)).collect()
    };
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id.as_uuid()).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.refunded_amount).collect();
    let params: Params<'_> = &[
        &order.as_uuid(),
        &ids,
        &units(|line| line.fulfilled),
        &units(|line| line.returned),
        &units(|line| line.canceled),
        &units(|line| line.refunded_quantity),
        &amounts,
    ];
    tx.execute(UPDATE_LINES, params).await.map(drop)
}

/// Gives a guest's order to a customer; answers its new version, `None` when it has an owner already.
pub async fn claim(
    tx: &Tx,
    id: OrderId,
    customer: CustomerId,
    now: jiff::Timestamp,
) -> Result<Option<i64>, StoreError> {
    let row = tx.query_opt(CLAIM, &[&id.as_uuid(), &customer.as_uuid(), &now]).await?;
    Ok(row.map(|row| row.get(0)))
}

/// Gives a guest's order another token, of which this is the SHA-256.
pub async fn replace_token(tx: &Tx, id: OrderId, token_hash: &[u8]) -> Result<(), StoreError> {
    tx.execute(REPLACE_TOKEN, &[&id.as_uuid(), &token_hash]).await.map(drop)
}
