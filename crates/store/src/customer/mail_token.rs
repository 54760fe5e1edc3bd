//! Tokens that are sent by mail, known by their SHA-256 alone and used by deleting them.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{CustomerId, EntityId};

use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    /// The newest replaces the one before.
    PUT = "
        insert into mail_token (hash, customer_id, purpose, email_key, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)
            on conflict (customer_id, purpose) do update
           set hash = excluded.hash, email_key = excluded.email_key, created_at = excluded.created_at,
               expires_at = excluded.expires_at";
    /// Of several that use it at once, one gets the row.
    TAKE = "
        delete from mail_token where hash = $1 and purpose = $2 and expires_at > $3 returning customer_id, email_key";
    DELETE_ALL = "
        delete from mail_token where customer_id = $1";
}

/// What a mailed token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailPurpose {
    /// Setting a new password.
    PasswordReset,
    /// Proving the address.
    EmailVerification,
}

impl MailPurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
        }
    }
}

/// A token to keep.
#[derive(Debug, Clone)]
pub struct MailToken<'a> {
    /// SHA-256 of its text.
    pub hash: &'a [u8],
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it opens.
    pub purpose: MailPurpose,
    /// Key of the address that it is sent to.
    pub email_key: &'a str,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is too late.
    pub expires_at: Timestamp,
}

/// Keeps a token in the place of the customer's former one of the purpose.
pub async fn put(tx: &Tx, token: &MailToken<'_>) -> Result<(), StoreError> {
    let MailToken { hash, customer_id, purpose, email_key, created_at, expires_at } = token;
    tx.execute(PUT, &[hash, &customer_id.as_uuid(), &purpose.as_str(), email_key, created_at, expires_at])
        .await
        .map(drop)
}

/// Uses a token: whose it was and the key of the address that it was sent to. A second use finds nothing.
pub async fn take(
    tx: &Tx,
    hash: &[u8],
    purpose: MailPurpose,
    now: Timestamp,
) -> Result<Option<(CustomerId, String)>, StoreError> {
    let row = tx.query_opt(TAKE, &[&hash, &purpose.as_str(), &now]).await?;
    Ok(row.map(|row| (CustomerId::from_uuid(row.get(0)), row.get(1))))
}

/// Deletes every token of a customer.
pub async fn delete_all(tx: &Tx, customer: CustomerId) -> Result<(), StoreError> {
    tx.execute(DELETE_ALL, &[&customer.as_uuid()]).await.map(drop)
}
