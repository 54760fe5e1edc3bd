//! Mails about accounts, and the worker that sends them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::customer::session::{MAIL_TOKEN_LIFETIME, later};
use tradepost_domain::kernel::EmailAddress;
use tradepost_domain::kernel::ids::CustomerId;
use tradepost_port::{Mail, MailError};
use tradepost_store::customer::account::{self, CustomerRow};
use tradepost_store::customer::mail_token::{self, MailPurpose, MailToken};
use tradepost_store::customer::{session, signing_key};
use tradepost_store::job::{self, NewJob, TakenJob};
use tradepost_store::{StoreError, Tx};

use super::template::{MailTemplate, RenderMailError, render_mail};
use crate::secret::SecretToken;
use crate::shop::Shop;

/// Queue of the job.
const QUEUE: &str = "send-customer-mail";
/// How long a worker may take for one batch.
const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// Mails that are taken at once.
const BATCH: i64 = 10;
/// After so many tries a mail is given up: some nine hours after the first.
const ATTEMPTS_MAX: i32 = 10;
/// How long the worker rests when nothing waits.
const REST: Duration = Duration::from_secs(1);
/// How often what has had its day is deleted.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// What is done is kept so long, for those who ask what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

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

/// Asks for a mail in the transaction of what it tells of.
pub async fn enqueue_customer_mail(
    shop: &Shop,
    tx: &Tx,
    mail: &CustomerMail,
    now: Timestamp,
) -> Result<(), StoreError> {
    let payload = serde_json::to_value(mail).map_err(|error| StoreError::inconsistent("job", error))?;
    job::enqueue(tx, &NewJob { id: shop.ids.next(), queue: QUEUE, payload, run_at: now }, now).await
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Render(#[from] RenderMailError),
    #[error("the job cannot be read: {0}")]
    Job(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SendError {
    fn is_final(&self) -> bool {
        matches!(self, Self::Mail(MailError::Rejected(_)) | Self::Render(_) | Self::Job(_))
    }
}

/// Sends the mails that are asked for. Several may work at once.
#[derive(Debug)]
pub struct CustomerMailWorker {
    shop: Arc<Shop>,
}

impl CustomerMailWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { shop }
    }

    /// Works until `shutdown`; a mail that was being sent then is sent again at the next start.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            loop {
                match self.step().await {
                    Ok(0) => tokio::time::sleep(REST).await,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "no mail could be taken up");
                        tokio::time::sleep(REST).await;
                    }
                }
            }
        };
        let sweep = async {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "what has had its day could not be deleted");
                }
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = work => {}
            () = sweep => {}
        }
    }

    /// Sends the mails that are due, some at most; answers how many were taken up.
    pub async fn step(&self) -> Result<usize, StoreError> {
        let now = self.shop.clock.now();
        let db = self.shop.store.worker();
        let taken = job::take(&*db.conn().await?, &[QUEUE], now, later(now, LEASE), BATCH).await?;
        for job in &taken {
            let sent = self.send(job).await;
            let conn = db.conn().await?;
            match sent {
                Ok(()) => job::finish(&conn, job.id, now).await?,
                Err(error) if error.is_final() || job.attempts >= ATTEMPTS_MAX => {
                    tracing::error!(job.id = %job.id, %error, "a mail is given up");
                    job::fail(&conn, job.id, now, &error.to_string()).await?;
                }
                Err(error) => {
                    tracing::warn!(job.id = %job.id, %error, "a mail is tried again later");
                    let doublings = u32::try_from(job.attempts).unwrap_or_default().min(12);
                    let pause = SignedDuration::from_secs(30_i64.saturating_mul(1 << doublings));
                    job::retry(&conn, job.id, later(now, pause), &error.to_string()).await?;
                }
            }
        }
        Ok(taken.len())
    }

    async fn send(&self, job: &TakenJob) -> Result<(), SendError> {
        let mail: CustomerMail = serde_json::from_value(job.payload.clone())?;
        match self.write(&mail).await? {
            Some(mail) => Ok(self.shop.mailer.send(mail).await?),
            // Who asked is told nothing, and neither is anybody else.
            None => Ok(()),
        }
    }

    /// The mail, if there is still somebody to send it to and something to say.
    async fn write(&self, mail: &CustomerMail) -> Result<Option<Mail>, SendError> {
        let conn = self.shop.store.worker().conn().await?;
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
        let (template, to, purpose) = match mail {
            CustomerMail::PasswordReset { .. } => {
                (MailTemplate::PasswordReset, own(), Some((MailPurpose::PasswordReset, "reset-password")))
            }
            CustomerMail::EmailVerification { .. } if customer.email_verified_at.is_some() => {
                return Ok(None);
            }
            CustomerMail::EmailVerification { .. } => (
                MailTemplate::EmailVerification,
                own(),
                Some((MailPurpose::EmailVerification, "verify-email")),
            ),
            CustomerMail::PasswordChanged { .. } => (MailTemplate::PasswordChanged, own(), None),
            CustomerMail::EmailChanged { former, .. } => {
                (MailTemplate::EmailChanged, Some(former.clone()), None)
            }
        };
        let Some(to) = to else { return Ok(None) };
        let shop = &self.shop.public_url;
        let link = match purpose {
            Some((purpose, page)) => {
                let token = self.draw_token(&customer, purpose).await?;
                Some(format!("{shop}/account/{page}?token={}", token.expose()))
            }
            None => None,
        };
        let values = json!({"first_name": customer.first_name, "shop": shop, "link": link,
            "minutes": MAIL_TOKEN_LIFETIME.as_mins()});
        Ok(Some(render_mail(template, customer.locale.as_deref(), to, &values)?))
    }

    /// A new token in the place of the customer's former one.
    async fn draw_token(
        &self,
        customer: &CustomerRow,
        purpose: MailPurpose,
    ) -> Result<SecretToken, StoreError> {
        let now = self.shop.clock.now();
        let token = SecretToken::draw(MAIL_TOKEN, &*self.shop.ids);
        let tx = self.shop.store.worker().begin("draw_mail_token").await?;
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

    /// Deletes jobs that were done, sessions that are over and keys that nothing is signed with any more.
    async fn sweep(&self) -> Result<(), StoreError> {
        let before = self.shop.clock.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let conn = self.shop.store.worker().conn().await?;
        job::purge_finished(&conn, QUEUE, before).await?;
        session::purge(&conn, before).await?;
        signing_key::purge(&conn, before).await.map(drop)
    }
}

/// Prefix of tokens that are mailed.
pub(crate) const MAIL_TOKEN: &str = "mt";
