//! Reads back what nobody told us: attempts whose outcome is not known or that wait too long, refunds that were not
//! answered, attempts of orders that were given up, and what happened at the provider alone. With it a shop is right even
//! when no webhook ever comes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use tradepost_domain::kernel::ids::{OrderId, PaymentAttemptId};
use tradepost_domain::payment::AttemptStatus;
use tradepost_port::payment::{Outcome, PaymentGateway, ReadError};
use tradepost_store::payment::{PaymentRecord, read};

use super::begin::{ask, note};
use super::method;
use super::missed::{self, Missed, take_missed_events};
use super::refund::ask_provider;
use super::{WITHIN, gateway, inconsistent, intent_ref};
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::outside::Outside;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;
use crate::work::{Actor, Origin, StaffContext};

/// Rest between two looks at refunds that are due.
const REFUND_EVERY: Duration = Duration::from_secs(5);
/// Rest between two looks at payment methods to keep or to forget.
const METHODS_EVERY: Duration = Duration::from_secs(2);
/// Attempts are left alone for so long where nothing else is configured: their own request may still be on its way.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// Orders looked at in one round.
const ORDERS_MAX: i64 = 100;

/// Reads back what is not known.
#[derive(Debug, Clone)]
pub struct Reconciler {
    caller: StaffContext,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Orders whose attempts were looked at.
    pub looked_at: usize,
    /// Orders whose refunds were asked for again.
    pub refunds: usize,
    /// Orders that could not be looked at; each is in the log.
    pub failed: usize,
}

impl Reconciled {
    /// What fails is left for the next round, lest the same failures be all that is done.
    fn round(self) -> Round {
        let done = self.looked_at.max(self.refunds);
        if i64::try_from(done).is_ok_and(|done| done == ORDERS_MAX) { Round::MoreIsDue } else { Round::Done }
    }
}

impl Reconciler {
    /// A reconciler for a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { caller: StaffContext { shop, actor: Actor::System, origin: Origin::default(), claim: None } }
    }

    /// Reads back and asks for refunds, each in its own rhythm, until `shutdown`.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let shutdown = shutdown.shared();
        let reading = Rhythm { name: "reading payments back", every: self.read_every(), woken_by: None };
        let refunding = Rhythm { name: "asking for refunds", every: REFUND_EVERY, woken_by: None };
        let listing = Rhythm { name: "listing what providers told", every: missed::EVERY, woken_by: None };
        let list = || async {
            let is_more_due = self.list_events().await?.more_is_due;
            Ok(if is_more_due { Round::MoreIsDue } else { Round::Done })
        };
        let methods = Rhythm { name: "keeping payment methods", every: METHODS_EVERY, woken_by: None };
        tokio::join!(
            keep_doing(reading, shutdown.clone(), || async { self.read_back().await.map(Reconciled::round) }),
            keep_doing(refunding, shutdown.clone(), || async { self.refund().await.map(Reconciled::round) }),
            keep_doing(listing, shutdown.clone(), list),
            keep_doing(methods, shutdown, || async {
                let done = self.keep_methods().await?;
                Ok(if done == 0 { Round::Done } else { Round::MoreIsDue })
            }),
        );
    }

    /// Puts what providers have told, and no webhook brought, into the inbox.
    pub async fn list_events(&self) -> Result<Missed, WriteError> {
        take_missed_events(&self.caller.shop).await
    }

    /// Keeps what orders were paid with, and has forgotten what customers forgot; answers how much was taken up.
    pub async fn keep_methods(&self) -> Result<usize, WriteError> {
        method::work_off(&self.caller).await
    }

    /// Rest between two looks at attempts that wait: half of what they are left alone.
    fn read_every(&self) -> Duration {
        self.caller.shop.checkout.read_back_after.unsigned_abs() / 2
    }

    /// Looks at attempts that have waited for long enough.
    pub async fn read_back(&self) -> Result<Reconciled, WriteError> {
        let now = self.caller.now();
        let before = now.saturating_sub(self.caller.shop.checkout.read_back_after).unwrap_or(now);
        let due = {
            let conn = self.caller.shop.store.worker().conn().await?;
            read::open_since(&conn, before, ORDERS_MAX).await?
        };
        let mut done = Reconciled::default();
        for order in due {
            match look_at(&self.caller, order, None).await {
                Ok(_) => done.looked_at += 1,
                Err(error) => {
                    tracing::warn!(order.id = %order, %error, "a payment could not be read back");
                    done.failed += 1;
                }
            }
        }
        Ok(done)
    }

    /// Asks for refunds that are written down and not done.
    pub async fn refund(&self) -> Result<Reconciled, WriteError> {
        let due = {
            let conn = self.caller.shop.store.worker().conn().await?;
            read::refunds_due(&conn, self.caller.now(), ORDERS_MAX).await?
        };
        let mut done = Reconciled::default();
        for order in due {
            match self.refund_order(order).await {
                Ok(()) => done.refunds += 1,
                Err(error) => {
                    tracing::warn!(order.id = %order, %error, "a refund could not be asked for");
                    done.failed += 1;
                }
            }
        }
        Ok(done)
    }

    async fn refund_order(&self, order: OrderId) -> Result<(), WriteError> {
        let now = self.caller.now();
        let record = read::of_order(&*self.caller.shop.store.worker().conn().await?, order).await?;
        let rows = record.iter().flat_map(|record| &record.refunds);
        let due: Vec<_> =
            rows.filter(|row| row.next_call_at.is_some_and(|at| at <= now)).map(|row| row.id).collect();
        for refund in due {
            ask_provider(&self.caller, order, refund).await?;
        }
        Ok(())
    }
}

/// Reads back every attempt of an order that is not settled, and the one that somebody asks for; gives up those that
/// nobody needs any more. Answers whether the provider told of all of them.
pub(crate) async fn look_at(
    caller: &StaffContext,
    id: OrderId,
    asked_for: Option<PaymentAttemptId>,
) -> Result<bool, WriteError> {
    ask(caller, id).await?;
    let db = caller.shop.store.worker();
    let record = read::of_order(&*db.conn().await?, id).await?;
    let Some(record) = record else { return Ok(true) };
    let gateway = gateway(&caller.shop, record.state.provider)?;
    let mut all_told = true;
    let open = |status: AttemptStatus| !matches!(status, AttemptStatus::Captured | AttemptStatus::Canceled);
    for attempt in record.state.attempts.values() {
        let unknown = record.details.get(&attempt.id).is_some_and(|details| details.unknown_since.is_some());
        if open(attempt.status) || unknown || asked_for == Some(attempt.id) {
            all_told &= read_back(caller, (id, attempt.id), &record, &gateway).await?;
        }
    }
    Ok(all_told)
}

async fn read_back(
    caller: &StaffContext,
    (id, attempt): (OrderId, PaymentAttemptId),
    record: &PaymentRecord,
    gateway: &Outside<dyn PaymentGateway>,
) -> Result<bool, WriteError> {
    let Some(intent) = intent_ref(record, attempt) else { return Ok(false) };
    let told = gateway.call().retrieve(&intent, WITHIN).await;
    let db = caller.shop.store.worker();
    let opened = OrderInHand::open(caller, db, id, "read_back").await?;
    let mut order = opened.ok_or_else(|| inconsistent("an order with a payment is gone"))?;
    let is_told = told.is_ok();
    match told {
        Ok(found) => note(&mut order, attempt, &Outcome::Ok(found)).await?,
        Err(ReadError::NotFound) => {
            note(&mut order, attempt, &Outcome::NotDone("the provider has no such payment".into())).await?;
        }
        Err(error) => {
            tracing::warn!(order.id = %id, %error, "a payment provider could not be asked");
            // Its turn is over: else the same hundred would be looked at without rest, and no other.
            order.touch_payment();
            order.commit().await?;
            return Ok(false);
        }
    }
    let canceled = order.order.canceled_at.is_some();
    let status = order
        .payment
        .as_ref()
        .and_then(|record| record.state.attempts.get(&attempt))
        .map(|state| state.status);
    order.commit().await?;
    let give_up = canceled
        && status.is_some_and(|status| !matches!(status, AttemptStatus::Captured | AttemptStatus::Canceled));
    if !give_up {
        return Ok(is_told);
    }
    let outcome = gateway.call().cancel(&intent, WITHIN).await;
    let opened = OrderInHand::open(caller, db, id, "note_cancellation").await?;
    let mut order = opened.ok_or_else(|| inconsistent("an order with a payment is gone"))?;
    note(&mut order, attempt, &outcome).await?;
    order.commit().await?;
    Ok(is_told)
}
