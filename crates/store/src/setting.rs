//! Facts about the shop by key.

use jiff::Timestamp;
use serde_json::Value;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    GET = "
        select value from setting where key = $1";
    PUT = "
        insert into setting (key, value, updated_at)
        values ($1, $2, $3)
            on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at";
}

/// The value of a key, if there is one.
pub async fn get(client: &Client, key: &str) -> Result<Option<Value>, StoreError> {
    Ok(client.query_opt(GET, &[&key]).await?.map(|row| row.get(0)))
}

/// Sets the value of a key.
pub async fn put(client: &Client, key: &str, value: &Value, now: Timestamp) -> Result<(), StoreError> {
    client.execute(PUT, &[&key, value, &now]).await.map(drop)
}
