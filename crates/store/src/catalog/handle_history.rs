//! Earlier handles, which lead to the present one.

use jiff::Timestamp;
use uuid::Uuid;

use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    /// The new handle is not its own former one any more. It may stay another's, who is led to again when this one leaves.
    MOVE = "
        with regained as (
               delete from handle_history where kind = $1 and handle = $4 and target_id = $2)
        insert into handle_history (kind, handle, target_id, created_at)
        values ($1, $3, $2, $5)
        on conflict (kind, handle, target_id) do update set created_at = excluded.created_at";
    FORGET = "
        delete from handle_history where kind = $1 and target_id = $2";
}

/// A thing whose handle changes.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'a> {
    /// `product`, `category` or `collection`.
    pub kind: &'a str,
    /// Its id.
    pub id: Uuid,
    /// Handle that it had.
    pub from: &'a str,
    /// Handle that it has now.
    pub to: &'a str,
}

/// Remembers the old handle, unless it is the new one.
pub async fn remember(tx: &Tx, moved: Moved<'_>, now: Timestamp) -> Result<(), StoreError> {
    let Moved { kind, id, from, to } = moved;
    if from == to {
        return Ok(());
    }
    tx.execute(MOVE, &[&kind, &id, &from, &to, &now]).await.map(drop)
}

/// Forgets all earlier handles of a thing that is deleted.
pub async fn forget(tx: &Tx, kind: &str, id: Uuid) -> Result<(), StoreError> {
    tx.execute(FORGET, &[&kind, &id]).await.map(drop)
}
