//! How much work waits in the background.

use jiff::Timestamp;
use tradepost_store::system::{self, MoneyBacklog};
use tradepost_store::webhook::sending;
use tradepost_store::{StoreError, job};

use crate::mail::QUEUES;
use crate::shop::Shop;

/// What waits for mails and webhooks is counted so far: beyond it, it matters that it is too much, and not how much.
pub const COUNTED_MAX: i64 = 10_000;

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlogs {
    /// Events that wait to be dispatched.
    pub outbox: i64,
    /// Products that wait to be rendered.
    pub projection: i64,
    /// Mails that wait to be sent, and those that were put aside; [`COUNTED_MAX`] of each stand for as many or more.
    pub mails: (i64, i64),
    /// Money that is on its way or not known.
    pub money: MoneyBacklog,
    /// Deliveries of webhooks that are due; [`COUNTED_MAX`] stand for as many or more.
    pub webhooks_due: i64,
    /// For how many seconds the oldest of them has been.
    pub webhooks_due_seconds: i64,
}

/// Counts what waits, on a connection that no shopper waits for.
pub async fn count_backlogs(shop: &Shop) -> Result<Backlogs, StoreError> {
    let client = shop.store.worker().conn().await?;
    let (outbox, _) = system::outbox_backlog(&client).await?;
    let projection = system::projection_backlog(&client).await?;
    let money = system::money_backlog(&client).await?;
    let mails = job::count_undone(&client, QUEUES, COUNTED_MAX).await?;
    let now = shop.clock.now();
    let (webhooks_due, oldest) = sending::backlog(&client, now, COUNTED_MAX).await?;
    let webhooks_due_seconds = oldest.map_or(0, |at: Timestamp| now.duration_since(at).as_secs());
    Ok(Backlogs {
        outbox,
        projection,
        mails: (mails.waiting, mails.parked),
        money,
        webhooks_due,
        webhooks_due_seconds,
    })
}
