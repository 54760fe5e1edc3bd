//! Works off what providers have told: each event by itself, again and again until it is understood, and put aside for
//! people after a day.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tradepost_domain::kernel::ids::{OrderId, PaymentAttemptId};
use tradepost_domain::payment::{PaymentFact, PaymentProvider};
use tradepost_port::payment::{EventMeaning, PaymentGateway};
use tradepost_store::job;
use tradepost_store::payment::read;
use tradepost_store::payment::webhook_inbox::{self, InboxEvent};

use super::facts::take_facts;
use super::method;
use super::reconcile::look_at;
use super::{gateway, inconsistent};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;
use crate::work::{Actor, Origin, StaffContext};

/// Rest between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// Events of a round.
const BATCH: usize = 100;
/// How long an event that is not understood is tried again.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// Longest wait between two tries.
const WAIT_MAX_SECONDS: i64 = 600;

/// Works off the inbox of a shop.
#[derive(Debug, Clone)]
pub struct InboxWorker {
    caller: StaffContext,
}

/// Why an event was put back.
#[derive(Debug, thiserror::Error)]
enum WorkOffError {
    /// It speaks of something that is not here (yet): it may have come before our own commit (case C35).
    #[error("no order of ours belongs to it")]
    Unknown,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// Something of ours failed.
    #[error(transparent)]
    Failed(#[from] WriteError),
}

impl InboxWorker {
    /// A worker for a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { caller: StaffContext { shop, actor: Actor::System, origin: Origin::default(), claim: None } }
    }

    /// Works until `shutdown`: at once when this process takes an event in, and looks by itself every second.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let woken_by = Some(&self.caller.shop.inbox_arrivals);
        let rhythm = Rhythm { name: "working off webhooks", every: EVERY, woken_by };
        let round = || async {
            let worked_off = self.work(BATCH).await?;
            Ok(if worked_off == BATCH { Round::MoreIsDue } else { Round::Done })
        };
        keep_doing(rhythm, shutdown, round).await;
    }

    /// Works off what is due, up to `limit` events; answers how many there were.
    pub async fn work(&self, limit: usize) -> Result<usize, WriteError> {
        let mut done = 0;
        while done < limit && Box::pin(self.work_off_one()).await? {
            done += 1;
        }
        Ok(done)
    }

    async fn work_off_one(&self) -> Result<bool, WriteError> {
        let db = self.caller.shop.store.worker();
        let tx = db.begin("take_inbox").await?;
        let now = self.caller.now();
        let Some(event) = webhook_inbox::take(&tx, now).await? else { return Ok(false) };
        let later = now.saturating_add(SignedDuration::from_secs(30)).unwrap_or(now);
        webhook_inbox::lease(&tx, &event, later).await?;
        tx.commit().await?;
        let result = Box::pin(self.work_off(&event)).await;
        self.caller.shop.checkout.crash.point(CrashPoint::WorkerMidApply);
        let conn = db.conn().await?;
        match result {
            Ok(()) => webhook_inbox::done(&conn, &event, now).await?,
            Err(error) => {
                let next = self.next_try(&event);
                tracing::warn!(event.id = %event.event_id, %error, parked = next.is_none(), "an event of a payment provider could not be worked off");
                webhook_inbox::again(&conn, &event, next, &error.to_string()).await?;
            }
        }
        Ok(true)
    }

    fn next_try(&self, event: &InboxEvent) -> Option<jiff::Timestamp> {
        let now = self.caller.now();
        let given_up = event.received_at.saturating_add(PATIENCE).unwrap_or(event.received_at);
        let wait =
            1_i64.checked_shl(u32::try_from(event.attempts).unwrap_or(0).min(10)).unwrap_or(WAIT_MAX_SECONDS);
        let next = now.saturating_add(SignedDuration::from_secs(wait.min(WAIT_MAX_SECONDS))).unwrap_or(now);
        (next < given_up).then_some(next)
    }

    async fn work_off(&self, event: &InboxEvent) -> Result<(), WorkOffError> {
        let gateway = gateway(&self.caller.shop, event.provider)?;
        let body = serde_json::to_vec(&event.payload)
            .map_err(|error| WorkOffError::Unreadable(error.to_string()))?;
        match read_event(gateway.call(), &body)? {
            EventMeaning::Nothing => Ok(()),
            EventMeaning::LookAt { intent_id } => {
                let (order, attempt) = self.find(event.provider, &intent_id, None).await?;
                Ok(look_at(&self.caller, order, Some(attempt)).await.map(drop)?)
            }
            EventMeaning::Facts(facts) => self.take(event.provider, &facts).await,
        }
    }

    async fn find(
        &self,
        provider: PaymentProvider,
        intent: &str,
        attempt: Option<PaymentAttemptId>,
    ) -> Result<(OrderId, PaymentAttemptId), WorkOffError> {
        let conn = self.caller.shop.store.worker().conn().await.map_err(WriteError::from)?;
        let found =
            read::order_of_intent(&conn, provider, intent, attempt).await.map_err(WriteError::from)?;
        found.ok_or(WorkOffError::Unknown)
    }

    async fn take(&self, provider: PaymentProvider, facts: &[PaymentFact]) -> Result<(), WorkOffError> {
        for fact in facts {
            let (id, attempt) = self.find(provider, &fact.intent_id, fact.attempt_id).await?;
            let db = self.caller.shop.store.worker();
            let opened = OrderInHand::open(&self.caller, db, id, "take_event").await?;
            let mut order = opened.ok_or_else(|| inconsistent("an order with a payment is gone"))?;
            name(&mut order, attempt, &fact.intent_id);
            take_facts(&mut order, attempt, std::slice::from_ref(fact)).await?;
            self.caller.shop.checkout.crash.point(CrashPoint::WorkerMidApply);
            order.commit().await?;
        }
        Ok(())
    }
}

fn read_event(gateway: &dyn PaymentGateway, body: &[u8]) -> Result<EventMeaning, WorkOffError> {
    gateway
        .read_event(body)
        .map(|event| event.meaning)
        .map_err(|error| WorkOffError::Unreadable(error.to_string()))
}

/// Gives an attempt the provider's name of it, should the event be the first that tells it.
fn name(order: &mut OrderInHand<'_>, attempt: PaymentAttemptId, intent: &str) {
    let Some(details) = order.payment.as_mut().and_then(|record| record.details.get_mut(&attempt)) else {
        return;
    };
    if details.provider_ref.is_none() {
        details.provider_ref = Some(intent.to_owned());
        order.touch_payment();
    }
}

/// Has the events that were put aside worked off once more, and the payment methods kept or forgotten; answers how many there
/// are.
pub async fn retry_parked_events(shop: &Shop) -> Result<u64, WriteError> {
    let conn = shop.store.worker().conn().await?;
    let count = webhook_inbox::replay_parked(&conn, shop.clock.now()).await?;
    let methods = job::revive(&conn, method::QUEUES, shop.clock.now()).await?;
    shop.inbox_arrivals.notify_one();
    Ok(count.saturating_add(methods))
}
