//! API keys: publishable ones name a channel, secret ones carry scopes. Only hashes are stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{ApiKeyId, ChannelId, EntityId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into api_key (id, kind, name, hash, hint, channel_id, scopes, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND_LIVE = "
        select id, kind, name, hint, channel_id, scopes, expires_at, revoked_at, last_used_at, created_at
          from api_key
         where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";
    GET = "
        select id, kind, name, hint, channel_id, scopes, expires_at, revoked_at, last_used_at, created_at
          from api_key
         where id = $1";
    LIST = "
        select id, kind, name, hint, channel_id, scopes, expires_at, revoked_at, last_used_at, created_at
          from api_key
         where ($1::uuid is null or id < $1)
         order by id desc
         limit $2";
    COUNT = "
        select count(*) from api_key";
    MARK_USED = "
        update api_key k
           set last_used_at = u.at
          from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
         where k.id = u.id and (k.last_used_at is null or k.last_used_at < u.at)";
    REVOKE = "
        update api_key set revoked_at = $2 where id = $1 and revoked_at is null";
    REVOKE_BY_NAME = "
        update api_key set revoked_at = $2 where name = $1 and revoked_at is null returning id";
}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Id.
    pub id: ApiKeyId,
    /// `publishable` or `secret`.
    pub kind: String,
    /// What staff call it.
    pub name: String,
    /// Its beginning and its last four characters.
    pub hint: String,
    /// Channel that a publishable key names.
    pub channel_id: Option<ChannelId>,
    /// What a secret key may do.
    pub scopes: Vec<String>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Stores a new key with the SHA-256 of its text.
pub async fn insert(tx: &Tx, key: &ApiKeyRow, hash: &[u8]) -> Result<(), StoreError> {
    let channel = key.channel_id.map(|id| id.as_uuid());
    let id = key.id.as_uuid();
    tx.execute(
        INSERT,
        &[
            &id,
            &key.kind,
            &key.name,
            &hash,
            &key.hint,
            &channel,
            &key.scopes,
            &key.expires_at,
            &key.created_at,
        ],
    )
    .await
    .map(drop)
}

/// The key with this hash, unless it is revoked or expired.
pub async fn find_live(
    client: &Client,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<ApiKeyRow>, StoreError> {
    Ok(client.query_opt(FIND_LIVE, &[&hash, &now]).await?.map(|row| from_row(&row)))
}

/// The key, live or not.
pub async fn get(client: &Client, id: ApiKeyId) -> Result<Option<ApiKeyRow>, StoreError> {
    Ok(client.query_opt(GET, &[&id.as_uuid()]).await?.map(|row| from_row(&row)))
}

/// Keys, newest first, older than `after`.
pub async fn list(
    client: &Client,
    after: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<ApiKeyRow>, StoreError> {
    let rows = client.query(LIST, &[&after.map(|id| id.as_uuid()), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are, live or not.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// Marks when keys were used, unless they were used later.
pub async fn mark_used(client: &Client, uses: &BTreeMap<ApiKeyId, Timestamp>) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = uses.keys().map(EntityId::as_uuid).collect();
    let times: Vec<Timestamp> = uses.values().copied().collect();
    client.execute(MARK_USED, &[&ids, &times]).await.map(drop)
}

/// Takes a key back; `false` when it was already.
pub async fn revoke(tx: &Tx, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, &[&id.as_uuid(), &now]).await? == 1)
}

/// Takes back every live key of this name; answers which.
pub async fn revoke_by_name(tx: &Tx, name: &str, now: Timestamp) -> Result<Vec<ApiKeyId>, StoreError> {
    let rows = tx.query(REVOKE_BY_NAME, &[&name, &now]).await?;
    Ok(rows.iter().map(|row| ApiKeyId::from_uuid(row.get(0))).collect())
}

fn from_row(row: &Row) -> ApiKeyRow {
    ApiKeyRow {
        id: ApiKeyId::from_uuid(row.get(0)),
        kind: row.get(1),
        name: row.get(2),
        hint: row.get(3),
        channel_id: row.get::<_, Option<Uuid>>(4).map(ChannelId::from_uuid),
        scopes: row.get(5),
        expires_at: row.get(6),
        revoked_at: row.get(7),
        last_used_at: row.get(8),
        created_at: row.get(9),
    }
}
