//! Runs an import from a file to the shop: chunk by chunk, each in one transaction with the progress of the run, so that
//! a run which is killed at any moment continues as if it had never been.

use std::sync::Arc;

use serde_json::json;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{EntityId, ImportId, StockLocationId};
use tradepost_port::{Clock, IdSource};
use tradepost_store::import_run::{self, Claim, Ending, ImportCounts, ImportErrorRow};
use tradepost_store::{Store, StoreError, audit, outbox};
use uuid::Uuid;

use super::ahead::{Ahead, follow};
use super::chunk::{Chunk, Cutter};
use super::error::ImportError;
use super::format::Format;
use super::open::{Opened, open};
use super::record::RowError;
use super::source::ImportSource;
use super::write::{Tally, Writer};

/// Errors of a run that are kept; all are counted.
pub const ERRORS_KEPT: usize = 10_000;
/// Times that a chunk is tried when others change the shop under it.
pub(super) const ATTEMPTS: u32 = 5;

/// What an import works on.
#[derive(Clone)]
pub struct ImportContext {
    /// The shop's database.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws ids.
    pub ids: Arc<dyn IdSource>,
}

impl From<&crate::Shop> for ImportContext {
    fn from(shop: &crate::Shop) -> Self {
        Self { store: shop.store.clone(), clock: Arc::clone(&shop.clock), ids: Arc::clone(&shop.ids) }
    }
}

/// How to import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Format; found out by name and content when absent.
    pub format: Option<Format>,
    /// Check everything against the shop, write nothing.
    pub dry_run: bool,
    /// Currency of prices that name none; the default channel's when absent.
    pub currency: Option<Currency>,
    /// Where stock goes; the default location when absent, which is made where there is none.
    pub location: Option<StockLocationId>,
    /// The run that was stored for it; else one is made, or the command line's unfinished one of this file with the same
    /// format, currency and location continues.
    pub run: Option<ImportId>,
    /// Who imports, for the audit log: kind and id.
    pub actor: (String, Option<Uuid>),
    /// Products of one transaction, at most.
    pub chunk_products: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            format: None,
            dry_run: false,
            currency: None,
            location: None,
            run: None,
            actor: ("system".to_owned(), None),
            chunk_products: 2_000,
        }
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Products and bytes so far.
    pub counts: ImportCounts,
    /// Bytes of the file, where that is known.
    pub bytes_total: Option<u64>,
}

/// Is told after each chunk.
pub type OnProgress<'a> = &'a (dyn Fn(&Progress) + Send + Sync);

/// What an import did, or in a dry run would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The run; `None` in a dry run that nobody stored one for.
    pub id: Option<ImportId>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Products and bytes, those of an earlier part of the run among them.
    pub counts: ImportCounts,
    /// The first errors of this part of the run, in the order of the file; `counts.errors` says how many there are.
    pub errors: Vec<RowError>,
    /// Products of the file that an earlier part of the run has dealt with.
    pub continued_from: u64,
}

/// One run of an import.
pub(super) struct Run<'a> {
    pub(super) context: &'a ImportContext,
    pub(super) options: &'a ImportOptions,
    id: Option<ImportId>,
    claim: Option<Arc<Claim>>,
    pub(super) counts: ImportCounts,
    errors: Vec<RowError>,
    pub(super) location: Option<StockLocationId>,
}

/// Imports a file. Broken off at any moment and called again with the same file, it continues.
pub async fn run_import(
    context: &ImportContext,
    source: Arc<dyn ImportSource>,
    options: &ImportOptions,
    on_progress: OnProgress<'_>,
) -> Result<ImportReport, ImportError> {
    let opened = open(context, &source, options, None).await?;
    // Held until the end is noted.
    let (id, _claim) = (opened.id, opened.claim.clone());
    let outcome = run_opened(context, source, (options, opened), on_progress).await;
    if let (Some(id), Err(error)) = (id, &outcome)
        && !matches!(error, ImportError::TakenOver | ImportError::Canceled)
        && let Err(second) = fail(context, id, error).await
    {
        // The error that is told is the first one.
        tracing::warn!(import.id = %id, error = %second, "the run could not be marked as failed");
    }
    outcome
}

/// Marks a run as failed, so that it can be continued.
pub(super) async fn fail(
    context: &ImportContext,
    id: ImportId,
    error: &ImportError,
) -> Result<(), StoreError> {
    let conn = context.store.worker().conn().await?;
    let message = storable(&error.for_people());
    let ending = Ending { status: "failed", error: Some(&message), keeps_file: !error.is_final() };
    import_run::finish(&conn, id, ending, context.clock.now()).await.map(drop)
}

/// Follows a run to its end; how it stopped before is for the caller to note.
pub(super) async fn run_opened(
    context: &ImportContext,
    source: Arc<dyn ImportSource>,
    (options, opened): (&ImportOptions, Opened),
    on_progress: OnProgress<'_>,
) -> Result<ImportReport, ImportError> {
    let Opened { id, counts, format, currency, location, claim } = opened;
    let mut run = Run { context, options, id, claim, counts, errors: Vec::new(), location };
    let cutter = Cutter {
        source: Arc::clone(&source),
        format,
        currency,
        skip: counts.record_offset,
        chunk_products: options.chunk_products.max(1),
        ids: Arc::clone(&context.ids),
        clock: Arc::clone(&context.clock),
    };
    let total = source.len();
    let told = |counts: &ImportCounts| on_progress(&Progress { counts: *counts, bytes_total: total });
    // On the heap: it is large, and callers hold it in futures of their own.
    Box::pin(follow(&mut run, cutter, &told)).await?;
    run.succeed(total).await?;
    Ok(ImportReport {
        id,
        dry_run: options.dry_run,
        counts: run.counts,
        errors: run.errors,
        continued_from: counts.record_offset,
    })
}

impl Run<'_> {
    /// Deals with the next chunk of the file, whose products may be written already.
    pub(super) async fn take(
        &mut self,
        writer: &mut Writer,
        (mut chunk, ahead): (Chunk, Option<Ahead>),
    ) -> Result<(), ImportError> {
        if self.claim.as_ref().is_some_and(|claim| claim.is_lost()) {
            let lost = "the connection that holds the run is gone".to_owned();
            return Err(StoreError::Unavailable(lost).into());
        }
        if self.options.dry_run {
            return self.take_dry(writer, chunk).await;
        }
        let id = self.id.ok_or(ImportError::ReaderGone)?;
        if let Some(ahead) = ahead {
            match self.finish_ahead(id, &chunk, ahead).await {
                Err(ImportError::Store(error)) if error.is_retryable() || error.is_about_data() => {
                    writer.forget(self.location);
                }
                finished => return finished,
            }
        }
        let mut in_parts = false;
        for attempt in 1..=ATTEMPTS {
            let outcome = if in_parts {
                self.write_in_parts(writer, id, &mut chunk).await
            } else {
                self.write_whole(writer, id, &mut chunk).await
            };
            match outcome {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(ImportError::Store(error)) if error.is_retryable() => {}
                Err(ImportError::Store(error)) if error.is_about_data() && !in_parts => {
                    // A key that is taken may have been taken this moment by somebody else: look again first.
                    in_parts = error.violated_constraint().is_none() || attempt.saturating_add(1) == ATTEMPTS;
                }
                Err(error) => return Err(error),
            }
            // The transaction was given up, or somebody else has written what it counted on.
            writer.forget(self.location);
        }
        Err(ImportError::Contended)
    }

    async fn take_dry(&mut self, writer: &mut Writer, mut chunk: Chunk) -> Result<(), ImportError> {
        let conn = self.context.store.worker().conn().await?;
        let part = (chunk.drafts.as_mut_slice(), chunk.labels.as_ref());
        let decisions = writer.decide(&conn, part, self.context.clock.now()).await?;
        let (counts, errors) = self.count(&chunk, decisions.into_tally());
        if let Some(id) = self.id {
            let tx = self.context.store.worker().begin("import_dry_run").await?;
            self.advance((&tx, id), &counts, &errors).await?;
            tx.commit().await?;
        }
        self.keep(counts, errors);
        Ok(())
    }

    /// Writes a chunk in one transaction; `false` when the shop changed under it.
    async fn write_whole(
        &mut self,
        writer: &mut Writer,
        id: ImportId,
        chunk: &mut Chunk,
    ) -> Result<bool, ImportError> {
        let now = self.context.clock.now();
        let tx = self.context.store.worker().begin("import_chunk").await?;
        let part = (chunk.drafts.as_mut_slice(), chunk.labels.as_ref());
        let Some(tally) = writer.decide_and_write(&tx, part, now).await? else { return Ok(false) };
        self.commit((tx, id), chunk, tally).await?;
        Ok(true)
    }

    /// Commits a chunk that was written while the one before it was not committed yet.
    async fn finish_ahead(&mut self, id: ImportId, chunk: &Chunk, ahead: Ahead) -> Result<(), ImportError> {
        let Ahead { tx, decisions, now } = ahead;
        let tally = Writer::finish_ahead(&tx, (&chunk.drafts, decisions), now).await?;
        self.commit((tx, id), chunk, tally).await
    }

    /// Commits what was written of a chunk, together with the progress of the run.
    pub(super) async fn commit(
        &mut self,
        (tx, id): (tradepost_store::Tx, ImportId),
        chunk: &Chunk,
        tally: Tally,
    ) -> Result<(), ImportError> {
        let (counts, errors) = self.count(chunk, tally);
        self.advance((&tx, id), &counts, &errors).await?;
        outbox::wake(&tx).await?;
        // How far the run has come is part of it: what a crash of the machine takes is imported again when it continues.
        tx.commit_soon().await?;
        self.keep(counts, errors);
        Ok(())
    }

    /// The counts with this chunk, and its errors in the order of the file.
    fn count(&self, chunk: &Chunk, tally: Tally) -> (ImportCounts, Vec<RowError>) {
        let Tally { created, updated, unchanged, failed, errors } = tally;
        let mut errors: Vec<RowError> = chunk.errors.iter().cloned().chain(errors).collect();
        errors.sort_by(|left, right| (left.line, &left.column).cmp(&(right.line, &right.column)));
        let old = &self.counts;
        let counts = ImportCounts {
            byte_offset: chunk.end_offset,
            record_offset: chunk.end_record,
            created: old.created.saturating_add(created),
            updated: old.updated.saturating_add(updated),
            unchanged: old.unchanged.saturating_add(unchanged),
            failed: old.failed.saturating_add(failed).saturating_add(chunk.failed),
            errors: old.errors.saturating_add(u64::try_from(errors.len()).unwrap_or(u64::MAX)),
        };
        (counts, errors)
    }

    async fn advance(
        &self,
        (tx, id): (&tradepost_store::Tx, ImportId),
        counts: &ImportCounts,
        errors: &[RowError],
    ) -> Result<(), ImportError> {
        if !import_run::advance(tx, id, self.counts.record_offset, counts).await? {
            return Err(why_not(tx, id).await?);
        }
        let earlier = usize::try_from(self.counts.errors).unwrap_or(usize::MAX);
        let kept = errors.iter().take(ERRORS_KEPT.saturating_sub(earlier));
        let rows: Vec<ImportErrorRow> = kept
            .zip(1_i64..)
            .map(|(error, number)| ImportErrorRow {
                number: number.saturating_add(i64::try_from(earlier).unwrap_or(i64::MAX)),
                line: i64::try_from(error.line).unwrap_or(i64::MAX),
                column: error.column.as_deref().map(storable),
                code: error.code.to_owned(),
                message: storable(&error.message),
            })
            .collect();
        import_run::insert_errors(tx, id, &rows).await?;
        Ok(())
    }

    fn keep(&mut self, counts: ImportCounts, errors: Vec<RowError>) {
        self.counts = counts;
        let room = ERRORS_KEPT.saturating_sub(self.errors.len());
        self.errors.extend(errors.into_iter().take(room));
    }

    async fn succeed(&mut self, bytes_total: Option<u64>) -> Result<(), ImportError> {
        // What comes behind the last product, blank lines or nothing but a header, is dealt with, too.
        let counts =
            ImportCounts { byte_offset: bytes_total.unwrap_or(self.counts.byte_offset), ..self.counts };
        let Some(id) = self.id else {
            self.counts = counts;
            return Ok(());
        };
        let now = self.context.clock.now();
        let tx = self.context.store.worker().begin("import_finish").await?;
        self.advance((&tx, id), &counts, &[]).await?;
        let ending = Ending { status: "succeeded", error: None, keeps_file: false };
        import_run::finish(&tx, id, ending, now).await?;
        let (actor_kind, actor_id) = self.options.actor.clone();
        let entry = audit::AuditRow {
            id: self.context.ids.next_uuid(),
            at: now,
            actor_kind,
            actor_id,
            action: "product.import".to_owned(),
            entity_kind: "import".to_owned(),
            entity_id: Some(id.as_uuid()),
            before: None,
            after: Some(json!({
                "dry_run": self.options.dry_run, "created": counts.created, "updated": counts.updated,
                "unchanged": counts.unchanged, "failed": counts.failed,
            })),
            ip: None,
            user_agent: None,
            request_id: None,
        };
        audit::insert_all(&tx, std::slice::from_ref(&entry)).await?;
        tx.commit().await?;
        self.counts = counts;
        Ok(())
    }
}

/// Why a run did not move on: it was canceled, or another process moved it.
async fn why_not(tx: &tradepost_store::Tx, id: ImportId) -> Result<ImportError, StoreError> {
    let run = import_run::get(tx, id).await?;
    let canceled = run.is_some_and(|run| run.status == "canceled");
    Ok(if canceled { ImportError::Canceled } else { ImportError::TakenOver })
}

/// A text of the file as PostgreSQL can keep it, and bounded.
fn storable(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(1_000).collect()
}
