//! Sessions and their refresh tokens, which are known by their SHA-256 alone.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::customer::session::RefreshState;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, SessionId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into customer_session (id, customer_id, ip, user_agent, created_at, last_used_at, expires_at)
        values ($1, $2, $3, $4, $5, $5, $6)";
    INSERT_TOKEN = "
        insert into refresh_token (hash, session_id, created_at, expires_at)
        values ($1, $2, $3, $4)";
    /// Locks session and token: what is refreshed twice at once is refreshed in turn, and the second sees what the first
    /// has done.
    FIND_FOR_UPDATE = "
        select s.id, s.customer_id, t.expires_at, s.expires_at, t.rotated_at, s.revoked_at, t.successor_salt
          from refresh_token t
          join customer_session s on s.id = t.session_id
         where t.hash = $1
           for update";
    ROTATE = "
        update refresh_token set rotated_at = $2, successor_salt = $3 where hash = $1 and rotated_at is null";
    TOUCH = "
        update customer_session set last_used_at = $2 where id = $1";
    LIST_LIVE = "
        select id, ip, user_agent, created_at, last_used_at, expires_at
          from customer_session
         where customer_id = $1 and revoked_at is null and expires_at > $2
         order by id desc
         limit $3";
    REVOKE = "
        update customer_session set revoked_at = $3, revoked_for = $4
         where customer_id = $1 and id = $2 and revoked_at is null";
    REVOKE_OTHERS = "
        update customer_session set revoked_at = $3, revoked_for = $4
         where customer_id = $1 and ($2::uuid is null or id <> $2) and revoked_at is null";
    DELETE_ALL = "
        delete from customer_session where customer_id = $1";
    /// Tokens go with their session.
    PURGE = "
        delete from customer_session where expires_at < $1";
}

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Id.
    pub id: SessionId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Where it was begun from.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// A session that lives, as its owner sees it.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Id.
    pub id: SessionId,
    /// Where it was begun from.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// A refresh token that was found.
#[derive(Debug, Clone)]
pub struct FoundToken {
    /// Its session.
    pub session_id: SessionId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What decides about it.
    pub state: RefreshState,
    /// What its successor was made with, once it was used.
    pub successor_salt: Option<Vec<u8>>,
}

/// Begins a session.
pub async fn insert(tx: &Tx, session: &NewSession) -> Result<(), StoreError> {
    let NewSession { id, customer_id, ip, user_agent, created_at, expires_at } = session;
    tx.execute(INSERT, &[&id.as_uuid(), &customer_id.as_uuid(), ip, user_agent, created_at, expires_at])
        .await
        .map(drop)
}

/// Stores a new refresh token by its hash.
pub async fn insert_token(
    tx: &Tx,
    session: SessionId,
    hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(INSERT_TOKEN, &[&hash, &session.as_uuid(), &now, &expires_at]).await.map(drop)
}

/// The refresh token with this hash; its session is kept from others until the transaction ends.
pub async fn find_for_update(tx: &Tx, hash: &[u8]) -> Result<Option<FoundToken>, StoreError> {
    let row = tx.query_opt(FIND_FOR_UPDATE, &[&hash]).await?;
    Ok(row.map(|row| FoundToken {
        session_id: SessionId::from_uuid(row.get(0)),
        customer_id: CustomerId::from_uuid(row.get(1)),
        state: RefreshState {
            expires_at: row.get(2),
            session_expires_at: row.get(3),
            rotated_at: row.get(4),
            is_revoked: row.get::<_, Option<Timestamp>>(5).is_some(),
        },
        successor_salt: row.get(6),
    }))
}

/// Marks a token as used, with what its successor is made with; `false` when it was used already.
pub async fn rotate(tx: &Tx, hash: &[u8], now: Timestamp, salt: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(ROTATE, &[&hash, &now, &salt]).await? == 1)
}

/// Notes that a session is used.
pub async fn touch(tx: &Tx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(TOUCH, &[&id.as_uuid(), &now]).await.map(drop)
}

/// Sessions of a customer that live, newest first.
pub async fn list_live(
    client: &Client,
    customer: CustomerId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    let rows = client.query(LIST_LIVE, &[&customer.as_uuid(), &now, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// Ends a session of a customer; `false` when it had ended.
pub async fn revoke(
    tx: &Tx,
    customer: CustomerId,
    id: SessionId,
    now: Timestamp,
    reason: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, &[&customer.as_uuid(), &id.as_uuid(), &now, &reason]).await? == 1)
}

/// Ends every session of a customer but one; answers how many.
pub async fn revoke_others(
    tx: &Tx,
    customer: CustomerId,
    kept: Option<SessionId>,
    now: Timestamp,
    reason: &str,
) -> Result<u64, StoreError> {
    let kept = kept.map(|id| id.as_uuid());
    tx.execute(REVOKE_OTHERS, &[&customer.as_uuid(), &kept, &now, &reason]).await
}

/// Deletes every session of a customer.
pub async fn delete_all(tx: &Tx, customer: CustomerId) -> Result<(), StoreError> {
    tx.execute(DELETE_ALL, &[&customer.as_uuid()]).await.map(drop)
}

/// Deletes sessions that ended by themselves before a time; answers how many.
pub async fn purge(client: &Client, before: Timestamp) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before]).await
}

fn from_row(row: &Row) -> SessionRow {
    SessionRow {
        id: SessionId::from_uuid(row.get(0)),
        ip: row.get(1),
        user_agent: row.get(2),
        created_at: row.get(3),
        last_used_at: row.get(4),
        expires_at: row.get(5),
    }
}
