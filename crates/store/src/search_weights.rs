//! What matches count in search: one row of the shop.

use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    GET = "
        select id, definition, version from search_weights";
    GET_FOR_UPDATE = "
        select id, definition, version from search_weights for update";
    UPDATE = "
        update search_weights set definition = $1, version = $2, updated_at = $3";
}

/// The weights.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightsRow {
    /// Id.
    pub id: Uuid,
    /// What staff wrote.
    pub definition: Value,
    /// Grows by one with every change.
    pub version: i64,
}

fn from_row(row: &Row) -> WeightsRow {
    WeightsRow { id: row.get(0), definition: row.get(1), version: row.get(2) }
}

/// The weights.
pub async fn get(client: &Client) -> Result<WeightsRow, StoreError> {
    client.query_one(GET, &[]).await.map(|row| from_row(&row))
}

/// The weights, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx) -> Result<WeightsRow, StoreError> {
    tx.query_one(GET_FOR_UPDATE, &[]).await.map(|row| from_row(&row))
}

/// Stores changed weights.
pub async fn update(tx: &Tx, row: &WeightsRow, now: jiff::Timestamp) -> Result<(), StoreError> {
    tx.execute(UPDATE, &[&row.definition, &row.version, &now]).await.map(drop)
}
