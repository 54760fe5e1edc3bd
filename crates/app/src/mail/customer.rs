//! Mails about accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::customer::session::{MAIL_TOKEN_LIFETIME, later};
use tradepost_domain::kernel::EmailAddress;
use tradepost_domain::kernel::ids::CustomerId;
use tradepost_port::Mail;
use tradepost_store::customer::account::{self, CustomerRow};
use tradepost_store::customer::mail_token::{self, MailPurpose, MailToken};
use tradepost_store::job::{self, NewJob};
use tradepost_store::{StoreError, Tx};
use uuid::Uuid;

use super::kind::MailKind;
use super::template::Letter;
use super::worker::SendError;
use crate::secret::SecretToken;
use crate::shop::Shop;

/// Queue of the jobs.
pub(super) const QUEUE: &str = "send-customer-mail";

/// A mail about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum CustomerMail {
    /// Somebody wants a new password for the account with this address, if there is one.
    PasswordReset {
        /// Key of the address.
        email_key: String,
    },
    /// The address has to be proved.
    EmailVerification {
        /// Whose.
        customer_id: CustomerId,
    },
    /// The password was changed.
    PasswordChanged {
        /// Whose.
        customer_id: CustomerId,
    },
    /// The address was changed.
    EmailChanged {
        /// Whose.
        customer_id: CustomerId,
        /// The one before.
        former: EmailAddress,
    },
}

impl CustomerMail {
    /// Its kind.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::PasswordReset { .. } => MailKind::PasswordReset,
            Self::EmailVerification { .. } => MailKind::EmailVerification,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::EmailChanged { .. } => MailKind::EmailChanged,
        }
    }
}

/// Asks for a mail in the transaction of what it tells of.
pub async fn enqueue_customer_mail(
    shop: &Shop,
    tx: &Tx,
    mail: &CustomerMail,
    now: Timestamp,
) -> Result<(), StoreError> {
    let payload = serde_json::to_value(mail).map_err(|error| StoreError::inconsistent("job", error))?;
    job::enqueue(tx, &[NewJob { id: shop.ids.next(), queue: QUEUE, payload, unique_key: None }], now).await
}

/// The mail, if there is still somebody to send it to and something to say.
pub(super) async fn write(shop: &Shop, id: Uuid, mail: &CustomerMail) -> Result<Option<Mail>, SendError> {
    let conn = shop.store.worker().conn().await?;
    let found = match mail {
        CustomerMail::PasswordReset { email_key } => account::find_by_email(&conn, email_key).await?,
        CustomerMail::EmailVerification { customer_id }
        | CustomerMail::PasswordChanged { customer_id }
        | CustomerMail::EmailChanged { customer_id, .. } => account::get(&conn, *customer_id).await?,
    };
    drop(conn);
    let Some(customer) = found.filter(|customer| customer.status == CustomerStatus::Active) else {
        return Ok(None);
    };
    let own = || customer.email.parse().ok();
    let (to, purpose) = match mail {
        CustomerMail::PasswordReset { .. } => (own(), Some((MailPurpose::PasswordReset, "reset-password"))),
        CustomerMail::EmailVerification { .. } if customer.email_verified_at.is_some() => {
            return Ok(None);
        }
        CustomerMail::EmailVerification { .. } => {
            (own(), Some((MailPurpose::EmailVerification, "verify-email")))
        }
        CustomerMail::PasswordChanged { .. } => (own(), None),
        CustomerMail::EmailChanged { former, .. } => (Some(former.clone()), None),
    };
    let Some(to) = to else { return Ok(None) };
    let url = &shop.public_url;
    let link = match purpose {
        Some((purpose, page)) => {
            let token = draw_token(shop, &customer, purpose).await?;
            Some(format!("{url}/account/{page}?token={}", token.expose()))
        }
        None => None,
    };
    // Whoever registers chooses the name: at an address that nobody has proved it would be their text to a stranger.
    let is_proved =
        customer.email_verified_at.is_some() && !matches!(mail, CustomerMail::EmailChanged { .. });
    let first_name = customer.first_name.as_ref().filter(|_| is_proved);
    let values = json!({"first_name": first_name, "shop": url, "link": link,
        "minutes": MAIL_TOKEN_LIFETIME.as_mins()});
    let letter = Letter { id, to, locale: customer.locale.as_deref() };
    Ok(Some(shop.mail_templates.render(mail.kind(), letter, &values)?))
}

/// A new token in the place of the customer's former one.
async fn draw_token(
    shop: &Shop,
    customer: &CustomerRow,
    purpose: MailPurpose,
) -> Result<SecretToken, StoreError> {
    let now = shop.clock.now();
    let token = SecretToken::draw(MAIL_TOKEN, &*shop.ids);
    let tx = shop.store.worker().begin("draw_mail_token").await?;
    let kept = MailToken {
        hash: &token.hash(),
        customer_id: customer.id,
        purpose,
        email_key: &customer.email_key,
        created_at: now,
        expires_at: later(now, MAIL_TOKEN_LIFETIME),
    };
    mail_token::put(&tx, &kept).await?;
    tx.commit().await?;
    Ok(token)
}

/// Prefix of tokens that are mailed.
pub(crate) const MAIL_TOKEN: &str = "mt";
