//! The worker of imports: takes up the runs that wait, one after the other, and those that were broken off.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tradepost_domain::kernel::ids::ImportId;
use tradepost_store::StoreError;
use tradepost_store::import_run;

use super::upload::{UNFINISHED, upload_path};
use super::{FileSource, Format, ImportContext, ImportOptions, run_import};
use crate::shop::Shop;

/// How long the worker rests when nothing waits.
const REST: Duration = Duration::from_secs(1);
/// After this an upload that is not complete was given up.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Takes up runs. Several may work in several processes on one folder of uploads: a run moves on for one alone.
#[derive(Debug)]
pub struct ImportWorker {
    shop: Arc<Shop>,
}

impl ImportWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { shop }
    }

    /// Works until `shutdown`. What it had not finished continues at its next start.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            self.sweep().await;
            if let Err(error) = self.resume().await {
                tracing::error!(%error, "imports that were broken off could not be taken up");
            }
            loop {
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => tokio::time::sleep(REST).await,
                    Err(error) => {
                        tracing::warn!(%error, "no import could be taken up");
                        tokio::time::sleep(REST).await;
                    }
                }
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = work => {}
        }
    }

    /// Continues the runs that a process left behind when it ended.
    async fn resume(&self) -> Result<(), StoreError> {
        let left = import_run::list_running_uploads(&*self.shop.store.worker().conn().await?).await?;
        for id in left {
            self.run_one(id).await?;
        }
        Ok(())
    }

    /// Takes up the oldest run that waits and works on it to its end; `false` when none waits.
    pub async fn step(&self) -> Result<bool, StoreError> {
        let now = self.shop.clock.now();
        let taken = import_run::take_pending(&*self.shop.store.worker().conn().await?, now).await?;
        let Some(id) = taken else { return Ok(false) };
        self.run_one(id).await?;
        Ok(true)
    }

    async fn run_one(&self, id: ImportId) -> Result<(), StoreError> {
        let shop = &self.shop;
        let Some(run) = import_run::get(&*shop.store.worker().conn().await?, id).await? else {
            return Ok(());
        };
        let path = upload_path(shop, run.file_blob.as_deref().unwrap_or_default());
        let (Some(format), true) = (Format::parse(&run.format), path.is_file()) else {
            let conn = shop.store.worker().conn().await?;
            let error = ("failed", Some("the uploaded file is not here: upload it again"));
            return import_run::finish(&conn, id, error, shop.clock.now()).await.map(drop);
        };
        let context =
            ImportContext { store: shop.store.clone(), clock: shop.clock.clone(), ids: shop.ids.clone() };
        let options = ImportOptions {
            format: Some(format),
            dry_run: run.dry_run,
            run: Some(id),
            ..ImportOptions::default()
        };
        if let Err(error) = run_apart(id, context, FileSource(path.clone()), options).await {
            // Taken up again it would only panic again.
            tracing::error!(import.id = %id, %error, "an import panicked");
            let outcome = ("failed", Some("something failed on our side"));
            let conn = shop.store.worker().conn().await?;
            import_run::finish(&conn, id, outcome, shop.clock.now()).await?;
        }
        let after = import_run::get(&*shop.store.worker().conn().await?, id).await?;
        if after.is_none_or(|run| run.finished_at.is_some()) {
            let _ = tokio::fs::remove_file(&path).await;
        }
        Ok(())
    }

    /// Removes what uploads that were broken off have left.
    async fn sweep(&self) {
        let Ok(mut folder) = tokio::fs::read_dir(&self.shop.uploads).await else { return };
        let oldest = self.shop.clock.now().saturating_sub(GIVEN_UP_AFTER).unwrap_or(Timestamp::MIN);
        while let Ok(Some(entry)) = folder.next_entry().await {
            let unfinished = entry.path().extension().is_some_and(|ending| ending == UNFINISHED);
            let modified = entry.metadata().await.and_then(|metadata| metadata.modified());
            let old = modified.ok().and_then(|at| Timestamp::try_from(at).ok()).is_some_and(|at| at < oldest);
            if unfinished && old {
                let _ = tokio::fs::remove_file(entry.path()).await;
            }
        }
    }
}

/// Runs an import on a thread of its own, for much of it is counting and parsing. It ends where it is when this is
/// dropped, as at a shutdown: its transaction is rolled back, and the run continues at the next start.
async fn run_apart(
    id: ImportId,
    context: ImportContext,
    source: FileSource,
    options: ImportOptions,
) -> Result<(), JoinError> {
    let (alive, gone) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let run = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                outcome = run_import(&context, Arc::new(source), &options, &|_| ()) => outcome.map(drop),
                _ = gone => Ok(()),
            }
        })
    });
    let outcome = run.await?;
    drop(alive);
    if let Err(error) = outcome {
        tracing::warn!(import.id = %id, %error, "an import was broken off");
    }
    Ok(())
}
