//! Deletes what of webhooks has had its day: deliveries with their tries, and secrets that sign no more. Beside the
//! sending, and a little at a time: nothing that is due waits for it.

use jiff::SignedDuration;
use tradepost_store::webhook::{endpoint, sending};

use super::sealed::seal_anew;
use super::worker::WebhookWorker;
use crate::error::WriteError;
use crate::rounds::Round;

/// How long deliveries and their tries are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Deliveries that are deleted at once.
const BATCH: i64 = 1_000;

impl WebhookWorker {
    /// Deletes some of what is older than it is kept.
    pub async fn sweep(&self) -> Result<Round, WriteError> {
        seal_anew(&self.caller.shop).await?;
        let now = self.caller.now();
        let before = now.saturating_sub(KEPT).unwrap_or(now);
        let conn = self.caller.shop.store.worker().conn().await?;
        endpoint::forget_former_secrets(&conn, now).await?;
        let purged = sending::purge(&conn, before, BATCH).await?;
        Ok(if i64::try_from(purged).is_ok_and(|purged| purged < BATCH) {
            Round::Done
        } else {
            Round::MoreIsDue
        })
    }
}
