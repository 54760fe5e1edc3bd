//! The worker of exports: takes up the runs that wait, one after the other, and those that were left behind.
//!
//! A run is held by a lease that every batch renews. A process that dies leaves a file in the making, which the next
//! attempt removes before it begins anew; one that only lost its lease finds out at its next batch and gives up.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tradepost_domain::kernel::ids::ExportId;
use tradepost_store::StoreError;
use tradepost_store::export_run::{self, ExportCounts, ExportRun, ExportedFile};

use super::file::{file_name, list_files, path, remove_files, run_of, unfinished_path};
use super::request::ExportFilterView;
use super::view::KEPT;
use super::{ExportError, ExportOptions, ExportReport, Exporter};
use crate::import::Format;
use crate::shop::Shop;

/// How long the worker rests when nothing waits.
const REST: Duration = Duration::from_secs(1);
/// How long a run is held without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// After so many beginnings a run is given up: it may be what ends the processes.
const ATTEMPTS_MAX: i32 = 5;
/// How often old runs and files are cleared away.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Takes up runs. Several may work in several processes on one folder of exports: a run belongs to one alone.
#[derive(Debug)]
pub struct ExportWorker {
    shop: Arc<Shop>,
}

/// How the writing of a file ended.
enum Written {
    Whole(ExportReport, u64),
    /// Another process has it, or it was deleted.
    Lost,
}

/// A run that is held.
struct Held {
    id: ExportId,
    lease: Timestamp,
}

impl ExportWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { shop }
    }

    /// Works until `shutdown`. What it had not finished is begun anew by the next worker.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            let mut swept_at: Option<Timestamp> = None;
            loop {
                let now = self.shop.clock.now();
                let is_due = |at: Timestamp| now >= at.saturating_add(SWEEP_EVERY).unwrap_or(at);
                let outcome = if swept_at.is_none_or(is_due) {
                    swept_at = Some(now);
                    self.sweep().await.map(|()| true)
                } else {
                    self.step().await
                };
                match outcome {
                    Ok(true) => {}
                    Ok(false) => tokio::time::sleep(REST).await,
                    Err(error) => {
                        tracing::warn!(%error, "no export could be taken up");
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

    /// Takes up the oldest run that waits or was left behind, and works on it to its end; `false` when there is none.
    pub async fn step(&self) -> Result<bool, StoreError> {
        let lease = self.lease();
        let taken = {
            let conn = self.shop.store.worker().conn().await?;
            export_run::take(&conn, self.shop.clock.now(), lease).await?
        };
        let Some(run) = taken else { return Ok(false) };
        let mut held = Held { id: run.id, lease };
        remove_files(&self.shop, run.id).await;
        if run.attempts > ATTEMPTS_MAX {
            self.fail(&held, "it was begun again and again and never ended").await?;
            return Ok(true);
        }
        let Some(format) = Format::parse(&run.format) else {
            self.fail(&held, "the format is not known here").await?;
            return Ok(true);
        };
        let name = file_name(run.id, run.attempts, format);
        let outcome = self.write(&mut held, &run, (format, &name)).await;
        match outcome {
            Ok(Written::Whole(report, bytes)) => self.succeed(&held, &name, &report, bytes).await?,
            Ok(Written::Lost) => self.remove(&name).await,
            // The database is away, or was: the lease runs out, and the run is begun anew.
            Err(ExportError::Store(error)) => {
                self.remove(&name).await;
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(export.id = %run.id, %error, "an export failed");
                self.remove(&name).await;
                let told = match error {
                    ExportError::NoCurrency => error.to_string(),
                    ExportError::Store(_) | ExportError::Io(_) => "the file could not be written".to_owned(),
                };
                self.fail(&held, &told).await?;
            }
        }
        Ok(true)
    }

    /// The end of a lease that begins now, as the database keeps it.
    fn lease(&self) -> Timestamp {
        let end = self.shop.clock.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        Timestamp::from_microsecond(end.as_microsecond()).unwrap_or(end)
    }

    /// Writes the file beside its name, batch by batch.
    async fn write(
        &self,
        held: &mut Held,
        run: &ExportRun,
        (format, name): (Format, &str),
    ) -> Result<Written, ExportError> {
        let filter: ExportFilterView = serde_json::from_value(run.filter.clone())
            .map_err(|error| StoreError::inconsistent("export_run", error))?;
        let options = ExportOptions { format, filter: filter.into(), currency: None, media_base_url: None };
        let mut exporter = Exporter::begin(&self.shop.store, options).await?;
        fs::create_dir_all(&self.shop.exports).await?;
        let part = unfinished_path(&self.shop, name);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&part).await?;
        let mut bytes = 0_u64;
        let mut buffer = Vec::new();
        loop {
            let more = exporter.batch(&mut buffer).await?;
            file.write_all(&buffer).await?;
            bytes = bytes.saturating_add(u64::try_from(buffer.len()).unwrap_or(u64::MAX));
            buffer.clear();
            if !self.advance(held, ExportCounts { products: exporter.report.products, bytes }).await? {
                return Ok(Written::Lost);
            }
            if !more {
                break;
            }
        }
        file.sync_all().await?;
        fs::rename(&part, path(&self.shop, name)).await?;
        Ok(Written::Whole(exporter.report, bytes))
    }

    async fn advance(&self, held: &mut Held, counts: ExportCounts) -> Result<bool, StoreError> {
        // Later than the one before, even where the clock stands still: it is the ticket of this batch.
        let least = held.lease.saturating_add(SignedDuration::from_micros(1)).unwrap_or(held.lease);
        let next = self.lease().max(least);
        let conn = self.shop.store.worker().conn().await?;
        let holds = export_run::advance(&conn, held.id, (held.lease, next), counts).await?;
        held.lease = next;
        Ok(holds)
    }

    async fn succeed(
        &self,
        held: &Held,
        name: &str,
        report: &ExportReport,
        bytes: u64,
    ) -> Result<(), StoreError> {
        let file = ExportedFile {
            name,
            counts: ExportCounts { products: report.products, bytes },
            products_left_out: report.products_left_out,
            left_out: &report.left_out,
        };
        let conn = self.shop.store.worker().conn().await?;
        if !export_run::succeed(&conn, held.id, held.lease, &file, self.shop.clock.now()).await? {
            self.remove(name).await;
        }
        Ok(())
    }

    async fn fail(&self, held: &Held, error: &str) -> Result<(), StoreError> {
        let conn = self.shop.store.worker().conn().await?;
        export_run::fail(&conn, held.id, held.lease, error, self.shop.clock.now()).await.map(drop)
    }

    /// Removes the file of an attempt, whole or not.
    async fn remove(&self, name: &str) {
        let _ = fs::remove_file(unfinished_path(&self.shop, name)).await;
        let _ = fs::remove_file(path(&self.shop, name)).await;
    }

    /// Clears away runs that ended long ago, and files that no run knows.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        // The files first: a run that is made meanwhile has none among them.
        let names = list_files(&self.shop).await;
        let ids: BTreeSet<ExportId> = names.iter().filter_map(|name| run_of(name)).collect();
        let before = self.shop.clock.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let ids: Vec<ExportId> = ids.into_iter().collect();
        let known = {
            let conn = self.shop.store.worker().conn().await?;
            export_run::purge(&conn, before).await?;
            export_run::known(&conn, &ids).await?
        };
        for name in names.iter().filter(|name| run_of(name).is_some_and(|id| !known.contains(&id))) {
            let _ = fs::remove_file(path(&self.shop, name)).await;
        }
        Ok(())
    }
}
