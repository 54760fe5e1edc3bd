//! Gives up orders that nobody paid in time, and forgets carts whose time has run out.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tradepost_domain::kernel::ids::OrderId;
use tradepost_store::inventory;
use tradepost_store::{cart, order};

use super::cancel::cancel;
use super::in_hand::OrderInHand;
use crate::error::WriteError;
use crate::payment::facts::EXPIRED;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;
use crate::work::{Actor, Origin, StaffContext};

/// Rest between two rounds.
const EVERY: Duration = Duration::from_secs(5);
/// Orders looked at in one round.
const ORDERS_MAX: i64 = 200;
/// Carts deleted in one round.
const CARTS_MAX: i64 = 500;

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
        if self.carts == CARTS_MAX.unsigned_abs() { Round::MoreIsDue } else { Round::Done }
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
            match self.give_up(id).await {
                Ok(given_up) => swept.orders += usize::from(given_up),
                // One that fails must not keep the others waiting.
                Err(error) => tracing::error!(order.id = %id, %error, "an order could not be given up"),
            }
        }
        let conn = db.conn().await?;
        swept.carts = cart::purge(&conn, now, CARTS_MAX).await?;
        Ok(swept)
    }

    /// Gives up one order, unless it was paid meanwhile or got more time: asked again under its lock.
    async fn give_up(&self, id: OrderId) -> Result<bool, WriteError> {
        let db = self.caller.shop.store.worker();
        let Some(mut order) = OrderInHand::open(&self.caller, db, id, "expire_order").await? else {
            return Ok(false);
        };
        let now = order.now();
        if order.order.expires_at.is_none_or(|at| at > now) {
            return Ok(false);
        }
        cancel(&mut order, EXPIRED).await?;
        order.commit().await?;
        Ok(true)
    }
}
