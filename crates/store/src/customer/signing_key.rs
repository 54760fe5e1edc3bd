//! Keys that sign access tokens.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, seed, public_key, signs_from, signs_until, verifies_until
          from signing_key
         where verifies_until > $1
         order by signs_from";
    /// Of two processes that make the next key at once, one does.
    INSERT = "
        insert into signing_key (id, seed, public_key, signs_from, signs_until, verifies_until, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (signs_from) do nothing";
    DELETE = "
        delete from signing_key where id = $1";
    PURGE = "
        delete from signing_key where verifies_until < $1";
}

/// An Ed25519 key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Id, which is the `kid`.
    pub id: Uuid,
    /// 32 secret bytes.
    pub seed: Vec<u8>,
    /// 32 public bytes.
    pub public_key: Vec<u8>,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it stops.
    pub signs_until: Timestamp,
    /// When what it signed is no longer taken.
    pub verifies_until: Timestamp,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SigningKeyRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Keys whose signatures are still taken, in the order in which they sign.
pub async fn list(client: &Client, now: Timestamp) -> Result<Vec<SigningKeyRow>, StoreError> {
    Ok(client.query(LIST, &[&now]).await?.iter().map(from_row).collect())
}

/// Stores a key unless there is one for its time.
pub async fn insert(client: &Client, key: &SigningKeyRow, now: Timestamp) -> Result<(), StoreError> {
    let SigningKeyRow { id, seed, public_key, signs_from, signs_until, verifies_until } = key;
    client
        .execute(INSERT, &[id, seed, public_key, signs_from, signs_until, verifies_until, &now])
        .await
        .map(drop)
}

/// Takes a key back at once: what it signed is refused as soon as every process has noticed.
pub async fn delete(client: &Client, id: Uuid) -> Result<bool, StoreError> {
    Ok(client.execute(DELETE, &[&id]).await? == 1)
}

/// Deletes keys that have had their day; answers how many.
pub async fn purge(client: &Client, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before]).await
}

fn from_row(row: &Row) -> SigningKeyRow {
    SigningKeyRow {
        id: row.get(0),
        seed: row.get(1),
        public_key: row.get(2),
        signs_from: row.get(3),
        signs_until: row.get(4),
        verifies_until: row.get(5),
    }
}
