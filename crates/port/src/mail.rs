//! Mail that leaves the shop.

use tradepost_domain::kernel::EmailAddress;
use uuid::Uuid;

use crate::BoxFuture;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Stays the same when the same mail is sent again, so that whoever receives both can tell.
    pub id: Uuid,
    /// Whom it goes to.
    pub to: EmailAddress,
    /// Subject: one line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// The same as HTML, where it has such a form.
    pub html: Option<String>,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may be sent later.
    #[error("the mail cannot be sent now: {0}")]
    Unavailable(String),
    /// It will never be: no such mailbox, a text that is refused.
    #[error("the mail is refused: {0}")]
    Rejected(String),
}

/// Sends mail.
pub trait Mailer: Send + Sync + 'static {
    /// Hands a mail over; after `Ok` somebody else answers for it. The same mail may be sent twice.
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>>;
}
