//! The worker of imports: takes up the runs that wait, one after the other, and those that were broken off.
//!
//! What passes by itself (the database was away, others changed the same products) leaves a run `running` and its file
//! where it is; the worker rests, ever longer, and takes it up again where it stopped. Who works on a run has its claim
//! ([`tradepost_store::import_run::Claim`]), so that two workers never work on one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tradepost_domain::kernel::ids::ImportId;
use tradepost_domain::kernel::with_causes;
use tradepost_store::StoreError;
use tradepost_store::import_run::{self, Claim, Ending, ImportRun};

use super::open::open;
use super::retention::{SWEEP_EVERY, sweep};
use super::run::{fail, run_opened};
use super::upload::upload_path;
use super::{FileSource, Format, ImportContext, ImportError, ImportOptions, ImportSource};
use crate::shop::Shop;

pub use super::retention::ImportRetention;

/// How long the worker rests when nothing waits, and at first when it cannot work.
const REST: Duration = Duration::from_secs(1);
/// How long it rests at most when it cannot work.
const REST_MAX: Duration = Duration::from_secs(30);
/// Runs looked at in one round; those behind them wait anyway.
const OPEN_MAX: i64 = 100;

/// Takes up runs. Several may work in several processes on one folder of uploads: a run moves on for one alone.
#[derive(Debug)]
pub struct ImportWorker {
    shop: Arc<Shop>,
    retention: ImportRetention,
}

/// What came of a run that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// Another process works on it, or it has ended.
    Elsewhere,
    /// It was worked on to its end.
    Worked,
}

impl ImportWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>, retention: ImportRetention) -> Self {
        Self { shop, retention }
    }

    /// Works until `shutdown`. What it had not finished continues at its next start.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            let mut rest = REST;
            let mut next_sweep = Timestamp::MIN;
            loop {
                let now = self.shop.clock.now();
                if now >= next_sweep {
                    self.sweep().await;
                    next_sweep = now.saturating_add(SWEEP_EVERY).unwrap_or(Timestamp::MAX);
                }
                match self.step().await {
                    Ok(true) => rest = REST,
                    Ok(false) => {
                        rest = REST;
                        tokio::time::sleep(REST).await;
                    }
                    Err(error) => {
                        let reason = with_causes(&error);
                        tracing::warn!(
                            reason,
                            rest_seconds = rest.as_secs(),
                            "imports cannot go on just now"
                        );
                        tokio::time::sleep(rest).await;
                        rest = rest.saturating_mul(2).min(REST_MAX);
                    }
                }
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = work => {}
        }
    }

    /// Takes up the oldest run that waits or was broken off and works on it to its end; `false` when there is none that
    /// no other process has. An error passes by itself: the run goes on with a later step.
    pub async fn step(&self) -> Result<bool, ImportError> {
        let open = {
            let conn = self.shop.store.worker().conn().await?;
            import_run::list_open_uploads(&conn, OPEN_MAX).await?
        };
        for id in open {
            if Box::pin(self.look_at(id)).await? == Looked::Worked {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what is kept no longer; what fails is tried again the next time.
    pub async fn sweep(&self) {
        if let Err(error) = sweep(&self.shop, self.retention).await {
            tracing::warn!(reason = with_causes(&error), "what imports have left could not be removed");
        }
    }

    async fn look_at(&self, id: ImportId) -> Result<Looked, ImportError> {
        let shop = &self.shop;
        let Some(claim) = import_run::try_claim(shop.store.worker(), id).await? else {
            return Ok(Looked::Elsewhere);
        };
        // Held until it is noted how the run has stopped.
        let claim = Arc::new(claim);
        let run = import_run::get(&*shop.store.worker().conn().await?, id).await?;
        let Some(run) = run.filter(|run| matches!(run.status.as_str(), "pending" | "running")) else {
            return Ok(Looked::Elsewhere);
        };
        let path = upload_path(shop, run.file_blob.as_deref().unwrap_or_default());
        let (Some(format), true) = (Format::parse(&run.format), path.is_file()) else {
            self.end_without_file(id).await?;
            return Ok(Looked::Worked);
        };
        let source = FileSource(path.clone());
        let outcome =
            run_apart(ImportContext::from(shop.as_ref()), source, (format, run), claim.clone()).await;
        if !self.settle(id, outcome).await? {
            // It may be gone already; what stays behind is swept.
            let _ = tokio::fs::remove_file(&path).await;
        }
        Ok(Looked::Worked)
    }

    /// Notes how a run has stopped; answers whether its file stays. An error when it goes on later.
    async fn settle(
        &self,
        id: ImportId,
        outcome: Result<Result<(), ImportError>, JoinError>,
    ) -> Result<bool, ImportError> {
        let error = match outcome {
            Ok(Ok(()) | Err(ImportError::Canceled)) => return Ok(false),
            // Whoever moved it looks after it.
            Ok(Err(ImportError::TakenOver)) => return Ok(true),
            Ok(Err(error)) if error.is_passing() => return Err(error),
            Ok(Err(error)) => error,
            Err(error) => {
                // Taken up again at once it would only panic again; staff may resume it.
                tracing::error!(import.id = %id, %error, "an import panicked");
                ImportError::ReaderGone
            }
        };
        tracing::warn!(import.id = %id, reason = with_causes(&error), "an import has failed");
        fail(&ImportContext::from(self.shop.as_ref()), id, &error).await?;
        Ok(!error.is_final())
    }

    async fn end_without_file(&self, id: ImportId) -> Result<(), StoreError> {
        let error = Some("the uploaded file is not here: upload it again");
        let ending = Ending { status: "failed", error, keeps_file: false };
        let conn = self.shop.store.worker().conn().await?;
        import_run::finish(&conn, id, ending, self.shop.clock.now()).await.map(drop)
    }
}

/// Runs an import on a thread of its own, for much of it is counting and parsing. It ends where it is when this is
/// dropped, as at a shutdown: its transaction is rolled back, and the run continues at the next start.
async fn run_apart(
    context: ImportContext,
    source: FileSource,
    (format, run): (Format, ImportRun),
    claim: Arc<Claim>,
) -> Result<Result<(), ImportError>, JoinError> {
    let (alive, gone) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let options = ImportOptions {
        format: Some(format),
        dry_run: run.dry_run,
        run: Some(run.id),
        ..ImportOptions::default()
    };
    let source: Arc<dyn ImportSource> = Arc::new(source);
    let running = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            let work = async {
                let opened = open(&context, &source, &options, Some(claim)).await?;
                run_opened(&context, source, (&options, opened), &|_| ()).await.map(drop)
            };
            tokio::select! {
                outcome = work => outcome,
                _ = gone => Ok(()),
            }
        })
    });
    let outcome = running.await;
    drop(alive);
    outcome
}
