//! Gives up orders that nobody paid in time, and forgets carts whose time has run out.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tradepost_domain::kernel::ids::OrderId;
use tradepost_domain::payment::AttemptStatus;
use tradepost_store::inventory;
use tradepost_store::{cart, order};

use super::cancel::cancel;
use super::in_hand::OrderInHand;
use crate::error::WriteError;
use crate::payment::facts::EXPIRED;
use crate::payment::reconcile::look_at;
use crate::payment::view::is_tried_again;
use crate::pricing::rates::forget_answers;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;
use crate::work::{Actor, Origin, StaffContext};

/// Rest between two rounds.
const EVERY: Duration = Duration::from_secs(5);
/// Orders looked at in one round.
const ORDERS_MAX: i64 = 200;
/// Carts deleted in one round.
const CARTS_MAX: i64 = 500;
/// Answers of tax services and carriers forgotten in one round.
const ANSWERS_MAX: i64 = 1_000;

/// Gives back what nobody paid for.
#[derive(Debug, Clone)]
pub struct OrderSweeper {
    caller: StaffContext,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Orders given up.
    pub orders: usize,
    /// Carts forgotten.
    pub carts: u64,
}

impl Swept {
    fn round(self) -> Round {
        let more_orders = i64::try_from(self.orders).is_ok_and(|orders| orders >= ORDERS_MAX);
        if more_orders || self.carts == CARTS_MAX.unsigned_abs() { Round::MoreIsDue } else { Round::Done }
    }
}

impl OrderSweeper {
    /// A sweeper for a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { caller: StaffContext { shop, actor: Actor::System, origin: Origin::default(), claim: None } }
    }

    /// Sweeps until `shutdown`.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let rhythm = Rhythm { name: "giving up unpaid orders", every: EVERY, woken_by: None };
        keep_doing(rhythm, shutdown, || async { self.sweep().await.map(Swept::round) }).await;
    }

    /// One round.
    pub async fn sweep(&self) -> Result<Swept, WriteError> {
        let db = self.caller.shop.store.worker();
        let now = self.caller.now();
        let due = {
            let conn = db.conn().await?;
            let held = inventory::expired(&conn, now, ORDERS_MAX).await?;
            let unpaid = order::read::expired(&conn, now, ORDERS_MAX).await?;
            held.into_iter().chain(unpaid).collect::<std::collections::BTreeSet<OrderId>>()
        };
        let mut swept = Swept::default();
        for id in due {
            match Box::pin(self.give_up(id)).await {
                Ok(given_up) => swept.orders += usize::from(given_up),
                // One that fails must not keep the others waiting.
                Err(error) => tracing::error!(order.id = %id, %error, "an order could not be given up"),
            }
        }
        let conn = db.conn().await?;
        swept.carts = cart::purge(&conn, now, CARTS_MAX).await?;
        forget_answers(&conn, now, ANSWERS_MAX).await?;
        Ok(swept)
    }

    /// Gives up one order, unless it was paid meanwhile or got more time: asked again under its lock.
    async fn give_up(&self, id: OrderId) -> Result<bool, WriteError> {
        // The money may have come without a word: better asked than refunded.
        if let Err(error) = look_at(&self.caller, id, None).await {
            tracing::warn!(order.id = %id, %error, "a payment could not be read back before its order is given up");
        }
        let db = self.caller.shop.store.worker();
        let Some(mut order) = OrderInHand::open(&self.caller, db, id, "expire_order").await? else {
            return Ok(false);
        };
        let now = order.now();
        if order.order.expires_at.is_none_or(|at| at > now) {
            return Ok(false);
        }
        if self.extend(&mut order).await? {
            order.commit().await?;
            return Ok(false);
        }
        cancel(&mut order, EXPIRED).await?;
        order.commit().await?;
        Ok(true)
    }

    /// Gives an order whose payment is on its way as much time again, once (reliability: decision 2).
    async fn extend(&self, order: &mut OrderInHand<'_>) -> Result<bool, WriteError> {
        let ttl = self.caller.shop.checkout.reservation_ttl;
        let placed = order.order.placed_at;
        let last = placed.saturating_add(ttl).and_then(|at| at.saturating_add(ttl)).unwrap_or(placed);
        let on_its_way = order.payment.as_ref().is_some_and(|payment| {
            let moving = |status| matches!(status, AttemptStatus::RequiresAction | AttemptStatus::Processing);
            payment.state.attempts.values().any(|attempt| moving(attempt.status))
                || is_tried_again(payment)
                || payment.details.values().any(|details| details.unknown_since.is_some())
        });
        let now = order.now();
        if !on_its_way || now >= last {
            return Ok(false);
        }
        let id = order.order.id;
        inventory::extend(&order.work.tx, id, Some(last), now).await?;
        order.order.expires_at = Some(last);
        order.note("hold_extended", serde_json::json!({"until": last}));
        Ok(true)
    }
}
