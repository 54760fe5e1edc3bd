//! Background work that is done in rounds: every so often, sooner when somebody wakes it, later while it fails.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Notify;
use tradepost_domain::kernel::with_causes;
use tradepost_store::db::count_statements;

use crate::error::WriteError;

/// The first rest after a failure; it doubles with each further one.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// The longest rest while rounds fail: so long after the database is back, the work goes on.
const REST_MAX: Duration = Duration::from_secs(5);

/// What a kind of work is called in the log, and when its next round is due.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm<'a> {
    /// In a few words.
    pub name: &'static str,
    /// Rest between two rounds.
    pub every: Duration,
    /// Ends a rest early.
    pub woken_by: Option<&'a Notify>,
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// All that was due is done.
    Done,
    /// There is more: no rest before the next round.
    MoreIsDue,
}

/// Does rounds until `shutdown`. A round that has begun is finished; one that panics is one that failed (case C24).
pub async fn keep_doing<R, F>(rhythm: Rhythm<'_>, shutdown: impl Future<Output = ()>, round: R)
where
    R: Fn() -> F,
    F: Future<Output = Result<Round, WriteError>>,
{
    tokio::pin!(shutdown);
    let mut rest_after_failure = REST_AFTER_FAILURE;
    let mut failures = 0_u32;
    loop {
        // A scope of its own: that no port is called within a transaction is checked for each kind of work by itself.
        let caught = AssertUnwindSafe(count_statements(Box::pin(round()))).catch_unwind().await;
        let result = caught.map_or(Err(None), |(result, _)| result.map_err(Some));
        let rest = match result {
            Ok(round) => {
                rest_after_failure = REST_AFTER_FAILURE;
                failures = 0;
                if round == Round::Done { rhythm.every } else { Duration::ZERO }
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                // A database that is away is told of more and more rarely.
                if failures.is_power_of_two() {
                    let error = error.map_or("it panicked".to_owned(), |error| with_causes(&error));
                    tracing::warn!(error, work = rhythm.name, failures, "a round of background work failed");
                }
                let rest = rest_after_failure;
                rest_after_failure = rest.saturating_mul(2).min(REST_MAX);
                rest
            }
        };
        let woken = async {
            match rhythm.woken_by {
                Some(woken_by) => woken_by.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(rest) => {}
            () = woken => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tradepost_store::StoreError;

    use super::*;

    /// Lets rounds come to these ends, the last of which stops the work; answers when each began.
    async fn began(
        ends: &'static [fn() -> Result<Round, WriteError>],
        woken_by: Option<&Notify>,
    ) -> Vec<u128> {
        let (begun, count) = (std::sync::Mutex::new(Vec::new()), AtomicU32::new(0));
        let (stop, start) = (Arc::new(Notify::new()), tokio::time::Instant::now());
        let rhythm = Rhythm { name: "test", every: Duration::from_mins(1), woken_by };
        let stopped = stop.clone();
        keep_doing(rhythm, async move { stopped.notified().await }, || async {
            begun.lock().unwrap().push(start.elapsed().as_millis());
            let index = usize::try_from(count.fetch_add(1, Ordering::SeqCst)).unwrap();
            if index + 1 == ends.len() {
                stop.notify_one();
            }
            ends[index]()
        })
        .await;
        begun.into_inner().unwrap()
    }

    const DONE: fn() -> Result<Round, WriteError> = || Ok(Round::Done);
    const MORE: fn() -> Result<Round, WriteError> = || Ok(Round::MoreIsDue);
    const FAILS: fn() -> Result<Round, WriteError> =
        || Err(WriteError::Store(StoreError::Unavailable("away".into())));
    const PANICS: fn() -> Result<Round, WriteError> = || panic!("a fault of ours");

    #[tokio::test(start_paused = true)]
    async fn rounds_rest_go_on_at_once_while_more_is_due_and_wait_longer_while_they_fail() {
        assert_eq!(began(&[DONE, DONE, DONE], None).await, [0, 60_000, 120_000]);
        assert_eq!(began(&[MORE, MORE, DONE], None).await, [0, 0, 0]);
        assert_eq!(
            began(&[FAILS, PANICS, FAILS, FAILS, FAILS, FAILS, DONE, FAILS, DONE], None).await,
            [0, 500, 1_500, 3_500, 7_500, 12_500, 17_500, 77_500, 78_000]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_ends_when_somebody_wakes_the_work() {
        let wake = Notify::new();
        wake.notify_one();
        assert_eq!(began(&[DONE, DONE, DONE], Some(&wake)).await, [0, 0, 60_000]);
    }
}
