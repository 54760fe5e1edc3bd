//! What is done with the provider about payment methods, after the commit that asks for it: what an order was paid with is
//! read and kept, what was forgotten here is forgotten there. Tried again until the provider answers; put aside after hours.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tradepost_domain::customer::session::later;
use tradepost_domain::kernel::ids::{CustomerId, OrderId, PaymentAttemptId};
use tradepost_domain::kernel::with_causes;
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::{Outcome, ReadError, SavedPaymentMethod};
use tradepost_store::db::count_statements;
use tradepost_store::job::{self, TakenJob};
use tradepost_store::payment::method::{self, SavedMethodRow};
use tradepost_store::payment::read;

use super::super::{WITHIN, gateway, intent_ref};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Queue of the jobs.
const QUEUE: &str = "keep-payment-methods";
/// It, for those who look after queues.
pub(crate) const QUEUES: &[&str] = &[QUEUE];
/// How long a batch may take: each task makes two calls at most.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Tasks that are done at once.
const BATCH: i64 = 10;
/// After so many tries a task is put aside: some nine hours after the first.
const ATTEMPTS_MAX: i32 = 10;

/// What is to be done with the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub(crate) enum Task {
    /// Reads what an attempt was paid with, and keeps it.
    Keep {
        /// The order.
        order_id: OrderId,
        /// What paid it.
        attempt_id: PaymentAttemptId,
    },
    /// Has the provider forget it.
    Forget {
        /// Who has it.
        provider: PaymentProvider,
        /// Its id of it.
        provider_ref: String,
    },
}

impl Task {
    /// Asks for it in the transaction that it follows from, once.
    pub(crate) fn ask(&self, work: &mut Work<'_>) -> Result<(), WriteError> {
        let key = match self {
            Self::Keep { attempt_id, .. } => attempt_id.to_string(),
            Self::Forget { provider, provider_ref } => format!("{provider}:{provider_ref}"),
        };
        work.job(QUEUE, serde_json::to_value(self)?, Some(key));
        Ok(())
    }
}

/// Why a task is not done.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error("the provider could not be asked: {0}")]
    Away(String),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the job cannot be read: {0}")]
    Job(#[from] serde_json::Error),
    #[error("it panicked")]
    Panicked,
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Does the tasks that are due, some at most; answers how many were taken up.
pub(in super::super) async fn work_off(caller: &StaffContext) -> Result<usize, WriteError> {
    let now = caller.now();
    let taken = {
        let conn = caller.shop.store.worker().conn().await?;
        job::take(&conn, QUEUES, now, later(now, LEASE), BATCH).await?
    };
    // Each in a scope of its own: that no provider is called within a transaction is checked for each by itself.
    let each = taken.iter().map(|job| count_statements(Box::pin(try_once(caller, job))));
    for (result, _) in futures_util::future::join_all(each).await {
        result?;
    }
    Ok(taken.len())
}

async fn try_once(caller: &StaffContext, job: &TakenJob) -> Result<(), WriteError> {
    let done = AssertUnwindSafe(carry_out(caller, job)).catch_unwind().await;
    let done = done.unwrap_or(Err(TaskError::Panicked));
    let now = caller.now();
    let conn = caller.shop.store.worker().conn().await?;
    match done {
        Ok(()) => job::finish(&conn, job.id, now).await?,
        Err(error) if matches!(error, TaskError::Job(_)) || job.attempts >= ATTEMPTS_MAX => {
            let error = with_causes(&error);
            tracing::error!(job.id = %job.id, error, "a payment method is put aside: `tradepost payments retry` tries again");
            job::fail(&conn, job.id, now, &error).await?;
        }
        Err(error) => {
            let error = with_causes(&error);
            tracing::warn!(job.id = %job.id, error, "a payment method is tried again later");
            let doublings = u32::try_from(job.attempts).unwrap_or_default().min(12);
            let pause = SignedDuration::from_secs(30_i64.saturating_mul(1 << doublings));
            job::retry(&conn, job.id, later(now, pause), &error).await?;
        }
    }
    Ok(())
}

async fn carry_out(caller: &StaffContext, job: &TakenJob) -> Result<(), TaskError> {
    match serde_json::from_value(job.payload.clone())? {
        Task::Keep { order_id, attempt_id } => keep(caller, order_id, attempt_id).await,
        Task::Forget { provider, provider_ref } => forget(caller, provider, &provider_ref).await,
    }
}

async fn keep(caller: &StaffContext, order: OrderId, attempt: PaymentAttemptId) -> Result<(), TaskError> {
    let db = caller.shop.store.worker();
    let record = read::of_order(&*db.conn().await.map_err(WriteError::from)?, order).await;
    let Some(record) = record.map_err(WriteError::from)?.filter(|record| record.save_method) else {
        return Ok(());
    };
    let payer = record.details.get(&attempt).and_then(|details| details.payer_ref.clone());
    let payer = payer.filter(|payer| !payer.is_empty());
    let known = record.customer_id.zip(payer).zip(intent_ref(&record, attempt));
    let told = match &known {
        None => None,
        Some(((_, payer), intent)) => {
            let gateway = gateway(&caller.shop, record.state.provider)?;
            match gateway.call().retrieve(intent, WITHIN).await?.payment_method {
                None => None,
                Some(id) => told(gateway.call().payment_method(payer, &id, WITHIN).await)?,
            }
        }
    };
    let (Some(((customer, _), _)), Some(told)) = (known, told) else {
        // Some ways to pay cannot be kept, whoever asked for it.
        let conn = db.conn().await.map_err(WriteError::from)?;
        return Ok(method::keep_nothing(&conn, order).await.map_err(WriteError::from)?);
    };
    Ok(write(caller, (customer, order), record.state.provider, told).await?)
}

/// What the provider has; `None` where it has not kept it.
fn told(answer: Result<SavedPaymentMethod, ReadError>) -> Result<Option<SavedPaymentMethod>, ReadError> {
    match answer {
        Ok(method) => Ok(Some(method)),
        Err(ReadError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn write(
    caller: &StaffContext,
    of: (CustomerId, OrderId),
    provider: PaymentProvider,
    told: SavedPaymentMethod,
) -> Result<(), WriteError> {
    let mut work = caller.begin_in(caller.shop.store.worker(), "keep_payment_method").await?;
    let (exp_month, exp_year) = told.expires.unzip();
    let row = SavedMethodRow {
        id: work.next_id(),
        provider,
        provider_ref: told.id,
        kind: told.kind,
        brand: told.brand,
        // Four digits are what may be shown, whatever a provider tells.
        last4: told.last4.filter(|last4| last4.chars().count() <= 4),
        exp_month: exp_month.map(i16::from),
        exp_year: exp_year.and_then(|year| i16::try_from(year).ok()),
        created_at: work.now,
    };
    if method::keep(&work.tx, of, &row).await? {
        Task::Forget { provider, provider_ref: row.provider_ref }.ask(&mut work)?;
    }
    work.commit().await
}

async fn forget(caller: &StaffContext, provider: PaymentProvider, id: &str) -> Result<(), TaskError> {
    let gateway = gateway(&caller.shop, provider)?;
    match gateway.call().forget_payment_method(id, WITHIN).await {
        Outcome::NotDone(why) | Outcome::Unknown(why) => Err(TaskError::Away(why)),
        // The provider has it no more.
        Outcome::Refused(refusal) => {
            tracing::info!(code = %refusal.code, "a payment method was forgotten by the provider already");
            Ok(())
        }
        Outcome::Ok(()) | Outcome::RequiresAction((), _) | Outcome::Declined(_) => Ok(()),
    }
}
