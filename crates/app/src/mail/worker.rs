//! Sends the mails that were asked for: each at least once, those that cannot be sent now again later, and those that
//! never can be put aside with the reason.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tradepost_domain::customer::session::later;
use tradepost_domain::kernel::MoneyError;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_port::{Mail, MailError};
use tradepost_store::StoreError;
use tradepost_store::customer::{session, signing_key};
use tradepost_store::db::count_statements;
use tradepost_store::job::{self, TakenJob};

use super::customer::{self, CustomerMail};
use super::kind::MailKind;
use super::order::{self, OrderMail};
use super::staff::{self, StaffMail};
use super::template::RenderMailError;
use crate::error::WriteError;
use crate::payment::method;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;

/// Queues of mails.
pub(crate) const QUEUES: &[&str] = &[customer::QUEUE, order::QUEUE, staff::QUEUE];
/// How long a worker may take for one batch: more than the longest that any mailer waits for its server.
const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// Mails that are sent at once.
const BATCH: i64 = 10;
/// After so many tries a mail is put aside: some nine hours after the first.
const ATTEMPTS_MAX: i32 = 10;
/// How long the worker rests when nothing waits.
const REST: Duration = Duration::from_secs(1);
/// How often what has had its day is deleted.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// What is done is kept so long, for those who ask what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// What was put aside is kept so long, for somebody to look at it and to have it sent again.
const PARKED_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Render(#[from] RenderMailError),
    #[error("the job cannot be read: {0}")]
    Job(#[from] serde_json::Error),
    #[error("writing or sending it panicked")]
    Panicked,
    #[error("the order's amounts cannot be written: {0}")]
    Amount(#[from] MoneyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SendError {
    fn is_final(&self) -> bool {
        matches!(self, Self::Mail(MailError::Rejected(_)) | Self::Render(_) | Self::Job(_) | Self::Amount(_))
    }
}

/// How often mails of a kind came to an end: sent, tried again, put aside.
#[derive(Debug, Default)]
pub struct MailCounts(Mutex<BTreeMap<(MailKind, &'static str), u64>>);

impl MailCounts {
    fn note(&self, kind: Option<MailKind>, outcome: &'static str) {
        let Some(kind) = kind else { return };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((kind, outcome)).or_default();
        *count = count.saturating_add(1);
    }

    /// Kind, outcome (`sent`, `retried` or `parked`) and how often, since the start of this process.
    pub fn list(&self) -> Vec<(MailKind, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((kind, outcome), count)| (*kind, *outcome, *count)).collect()
    }
}

/// Something to mail, as it lies in its queue.
enum Asked {
    Customer(CustomerMail),
    Order(OrderMail),
    Staff(StaffMail),
}

impl Asked {
    fn read(job: &TakenJob) -> Result<Self, serde_json::Error> {
        let payload = job.payload.clone();
        match job.queue.as_str() {
            order::QUEUE => serde_json::from_value(payload).map(Self::Order),
            staff::QUEUE => serde_json::from_value(payload).map(Self::Staff),
            _ => serde_json::from_value(payload).map(Self::Customer),
        }
    }

    fn kind(&self) -> MailKind {
        match self {
            Self::Customer(mail) => mail.kind(),
            Self::Order(mail) => mail.kind(),
            Self::Staff(mail) => mail.kind(),
        }
    }
}

/// Sends the mails that are asked for. Several may work at once.
#[derive(Debug)]
pub struct MailWorker {
    shop: Arc<Shop>,
}

impl MailWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { shop }
    }

    /// Works until `shutdown`. A mail that was being sent when the process was killed is sent again, as the same mail.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = Rhythm { name: "sending mails", every: REST, woken_by: None };
        let sweep = Rhythm { name: "deleting what has had its day", every: SWEEP_EVERY, woken_by: None };
        let working = keep_doing(work, shutdown, || async {
            let sent = self.step().await?;
            Ok(if sent == 0 { Round::Done } else { Round::MoreIsDue })
        });
        let sweeping = keep_doing(sweep, std::future::pending(), || async {
            self.sweep().await?;
            Ok(Round::Done)
        });
        tokio::select! {
            () = working => {}
            () = sweeping => {}
        }
    }

    /// Sends the mails that are due, some at most, at once; answers how many were taken up.
    pub async fn step(&self) -> Result<usize, StoreError> {
        let now = self.shop.clock.now();
        let taken = {
            let conn = self.shop.store.worker().conn().await?;
            job::take(&conn, QUEUES, now, later(now, LEASE), BATCH).await?
        };
        // Each in a scope of its own: that no mail is sent within a transaction is checked for each by itself.
        let each = taken.iter().map(|job| count_statements(Box::pin(self.work_off(job, now))));
        for (result, _) in futures_util::future::join_all(each).await {
            result?;
        }
        Ok(taken.len())
    }

    async fn work_off(&self, job: &TakenJob, now: Timestamp) -> Result<(), StoreError> {
        let asked = Asked::read(job);
        let kind = asked.as_ref().ok().map(Asked::kind);
        // Sent together with others, whose mails it must not end (case C24).
        let sent = AssertUnwindSafe(self.send(job, asked)).catch_unwind().await;
        let sent = sent.unwrap_or(Err(SendError::Panicked));
        let conn = self.shop.store.worker().conn().await?;
        let counts = &self.shop.mail_counts;
        match sent {
            Ok(was_sent) => {
                if was_sent {
                    counts.note(kind, "sent");
                }
                job::finish(&conn, job.id, now).await
            }
            Err(error) if error.is_final() || job.attempts >= ATTEMPTS_MAX => {
                tracing::error!(job.id = %job.id, %error, "a mail is put aside: `tradepost mail retry` sends it again");
                counts.note(kind, "parked");
                job::fail(&conn, job.id, now, &error.to_string()).await
            }
            Err(error) => {
                tracing::warn!(job.id = %job.id, %error, "a mail is tried again later");
                counts.note(kind, "retried");
                let doublings = u32::try_from(job.attempts).unwrap_or_default().min(12);
                let pause = SignedDuration::from_secs(30_i64.saturating_mul(1 << doublings));
                job::retry(&conn, job.id, later(now, pause), &error.to_string()).await
            }
        }
    }

    /// Writes and sends a mail; answers whether there was anything to say to anybody.
    async fn send(&self, job: &TakenJob, asked: Result<Asked, serde_json::Error>) -> Result<bool, SendError> {
        let id = job.id.as_uuid();
        let mail: Option<Mail> = match asked? {
            Asked::Customer(mail) => customer::write(&self.shop, id, &mail).await?,
            Asked::Order(mail) => order::write(&self.shop, id, &mail).await?,
            Asked::Staff(mail) => staff::write(&self.shop, id, &mail)?,
        };
        // Who asked is told nothing, and neither is anybody else.
        let Some(mail) = mail else { return Ok(false) };
        self.shop.mailer.call().send(mail).await?;
        Ok(true)
    }

    /// Deletes jobs that were done, sessions that are over and keys that nothing is signed with any more.
    async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.shop.clock.now();
        let ago = |age: SignedDuration| now.saturating_sub(age).unwrap_or(Timestamp::MIN);
        let before = ago(KEPT);
        let conn = self.shop.store.worker().conn().await?;
        let queues = [QUEUES, method::QUEUES].concat();
        job::purge(&conn, &queues, (before, ago(PARKED_KEPT))).await?;
        session::purge(&conn, before).await?;
        signing_key::purge(&conn, before).await.map(drop)
    }
}

/// Has the mails that were put aside sent again; answers how many there are.
pub async fn retry_parked_mails(shop: &Shop) -> Result<u64, WriteError> {
    let conn = shop.store.worker().conn().await?;
    Ok(job::revive(&conn, QUEUES, shop.clock.now()).await?)
}
