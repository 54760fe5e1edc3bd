//! Background work that is done in rounds: every so often, sooner when somebody wakes it, later while it fails.

use std::future::Future;
use std::time::Duration;

use tokio::sync::Notify;
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

/// Does rounds until `shutdown`. A round that has begun is finished.
pub async fn keep_doing<R, F>(rhythm: Rhythm<'_>, shutdown: impl Future<Output = ()>, round: R)
where
    R: Fn() -> F,
    F: Future<Output = Result<Round, WriteError>>,
{
    tokio::pin!(shutdown);
    let mut rest_after_failure = REST_AFTER_FAILURE;
    loop {
        // A scope of its own: that no port is called within a transaction is checked for each kind of work by itself.
        let (result, _) = count_statements(round()).await;
        let rest = match result {
            Ok(round) => {
                rest_after_failure = REST_AFTER_FAILURE;
                if round == Round::Done { rhythm.every } else { Duration::ZERO }
            }
            Err(error) => {
                tracing::warn!(%error, work = rhythm.name, "a round of background work failed");
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
