//! The projector's loop: woken by the outbox, looking by itself every second, going on whatever the database does.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::kernel::with_causes;
use tradepost_store::{Listener, StoreError, Topic, idempotency, outbox};

use super::project::{Pace, Projector};

/// How long nothing may tell of work before it is looked for.
const POLL: Duration = Duration::from_secs(1);
/// First and longest pause after a failure.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long dispatched events are kept, for those who ask what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long answers are kept for requests that come again.
const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(72);
/// How often older ones are deleted.
const PURGE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// What the loop remembers from one round to the next.
#[derive(Debug, Default)]
struct Round {
    pace: Pace,
    listener: Option<Listener>,
    purged_at: Option<Timestamp>,
}

impl Projector {
    /// Keeps the fragments until `shutdown` is ready; a batch that has begun is finished first.
    ///
    /// Never fails: while the database is away it tries again, ever less often, up to every five seconds.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let mut round = Round::default();
        let mut pause = BACKOFF.0;
        loop {
            let worked = {
                let mut work = pin!(self.work(&mut round));
                tokio::select! {
                    biased;
                    worked = &mut work => worked,
                    // Dropping a batch would only roll it back; finishing it leaves less for the next start.
                    () = &mut shutdown => {
                        let _ = tokio::time::timeout(BACKOFF.1, work).await;
                        return;
                    }
                }
            };
            let wait = match worked {
                // More may be waiting: one batch a round, so that a shutdown is seen between two.
                Ok(true) => continue,
                Ok(false) => {
                    pause = BACKOFF.0;
                    POLL
                }
                Err(error) => {
                    tracing::warn!(error = with_causes(&error), "the projector could not work: trying again");
                    round = Round { purged_at: round.purged_at, ..Round::default() };
                    let wait = pause;
                    pause = (pause * 2).min(BACKOFF.1);
                    wait
                }
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = woken(&mut round.listener) => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One round; whether there may be more to do at once.
    async fn work(&self, round: &mut Round) -> Result<bool, StoreError> {
        if round.listener.is_none() {
            round.listener = Some(self.shop.store.listen(Topic::Outbox).await?);
        }
        if let Some(listener) = &mut round.listener {
            listener.clear();
        }
        let published = self.publish_due().await?;
        let worked = self.advance_once(&mut round.pace).await?;
        if !worked {
            self.purge(round).await?;
        }
        Ok(worked || published > 0)
    }

    async fn purge(&self, round: &mut Round) -> Result<(), StoreError> {
        let now = self.shop.clock.now();
        if round.purged_at.is_some_and(|at| now < at.saturating_add(PURGE_EVERY).unwrap_or(at)) {
            return Ok(());
        }
        let before = now.saturating_sub(KEPT).unwrap_or(now);
        let conn = self.shop.store.worker().conn().await?;
        let purged = outbox::purge_dispatched(&conn, before).await?;
        let keys_before = now.saturating_sub(KEYS_KEPT).unwrap_or(now);
        let keys = idempotency::purge(&conn, keys_before).await?;
        tracing::debug!(events = purged, keys, "old events and idempotency keys purged");
        round.purged_at = Some(now);
        Ok(())
    }
}

/// Ready when something was told; a listener whose connection is lost is taken away, so that the next round connects.
async fn woken(listener: &mut Option<Listener>) {
    match listener {
        Some(live) => {
            if live.recv().await.is_none() {
                *listener = None;
            }
        }
        None => std::future::pending().await,
    }
}
