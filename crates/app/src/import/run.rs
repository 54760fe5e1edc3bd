//! Runs an import from a file to the shop: chunk by chunk, each in one transaction with the progress of the run, so that
//! a run which is killed at any moment continues as if it had never been.

use std::io::Read;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{EntityId, ImportId, StockLocationId};
use tradepost_port::{Clock, IdSource};
use tradepost_store::import_run::{self, ImportCounts, ImportErrorRow, NewImportRun};
use tradepost_store::{Store, StoreError, audit, channel, outbox};
use uuid::Uuid;

use super::chunk::{Chunk, Cutter};
use super::format::Format;
use super::record::{ReadError, RowError};
use super::source::ImportSource;
use super::write::{Decisions, Writer};

/// Errors of a run that are kept; all are counted.
pub const ERRORS_KEPT: usize = 10_000;
/// Times that a chunk is tried when others change the shop under it.
const ATTEMPTS: u32 = 5;

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
    /// The run that was stored for it; else one is made, or the last of this file that was broken off continues.
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

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No currency was given, and there is no default channel that has one.
    #[error("no currency for the prices of the file: give one, or make a default channel")]
    NoCurrency,
    /// The run does not exist or has ended.
    #[error("the run {0} does not exist or has ended")]
    RunEnded(ImportId),
    /// Another process continues the same run.
    #[error("another process has taken the run over")]
    TakenOver,
    /// Others changed the same products again and again.
    #[error("the same products were changed by others at the same time, {ATTEMPTS} times over: try again")]
    Contended,
    /// The thread that read the file is gone.
    #[error("reading the file was broken off")]
    ReaderGone,
}

/// One run of an import.
struct Run<'a> {
    context: &'a ImportContext,
    options: &'a ImportOptions,
    id: Option<ImportId>,
    counts: ImportCounts,
    errors: Vec<RowError>,
    writer: Writer,
}

/// Imports a file. Broken off at any moment and called again with the same file, it continues.
pub async fn run_import(
    context: &ImportContext,
    source: Arc<dyn ImportSource>,
    options: &ImportOptions,
    on_progress: OnProgress<'_>,
) -> Result<ImportReport, ImportError> {
    let format = match options.format {
        Some(format) => format,
        None => Format::detect(source.as_ref())?,
    };
    let currency = currency(context, options).await?;
    let (id, counts) = open_run(context, &source, options, format).await?;
    let writer = Writer::new(Arc::clone(&context.ids), options.location, options.dry_run);
    let mut run = Run { context, options, id, counts, errors: Vec::new(), writer };
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
    let outcome = Box::pin(run.follow(cutter, &told)).await;
    if let Err(error) = &outcome {
        run.fail(error).await;
    }
    outcome?;
    run.succeed().await?;
    Ok(ImportReport {
        id,
        dry_run: options.dry_run,
        counts: run.counts,
        errors: run.errors,
        continued_from: counts.record_offset,
    })
}

async fn currency(context: &ImportContext, options: &ImportOptions) -> Result<Currency, ImportError> {
    if let Some(currency) = options.currency {
        return Ok(currency);
    }
    let conn = context.store.worker().conn().await?;
    let channels = channel::list(&conn).await?;
    let default = channels.into_iter().find(|channel| channel.is_default);
    default.map(|channel| channel.currency).ok_or(ImportError::NoCurrency)
}

/// SHA-256 of a file, which says whether it is the one that was broken off.
pub fn hash_source(source: &dyn ImportSource) -> Result<Vec<u8>, ReadError> {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    let mut file = source.open()?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(digest.finish().as_ref().to_vec());
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}

/// The run to work on and how far it has come.
async fn open_run(
    context: &ImportContext,
    source: &Arc<dyn ImportSource>,
    options: &ImportOptions,
    format: Format,
) -> Result<(Option<ImportId>, ImportCounts), ImportError> {
    if options.dry_run && options.run.is_none() {
        return Ok((None, ImportCounts::default()));
    }
    let conn = context.store.worker().conn().await?;
    let now = context.clock.now();
    let (id, counts) = if let Some(id) = options.run {
        let run = import_run::get(&conn, id).await?.ok_or(ImportError::RunEnded(id))?;
        (id, run.counts)
    } else {
        let hashed = Arc::clone(source);
        let hash = tokio::task::spawn_blocking(move || hash_source(hashed.as_ref())).await;
        let hash = hash.map_err(|_| ImportError::ReaderGone)??;
        if let Some(run) = import_run::find_unfinished(&conn, &hash, format.as_str()).await? {
            (run.id, run.counts)
        } else {
            let id: ImportId = context.ids.next();
            let name = source.name();
            let new = NewImportRun {
                id,
                format: format.as_str(),
                file_hash: &hash,
                file_name: &name,
                file_blob: None,
                dry_run: false,
            };
            import_run::insert(&conn, &new, now).await?;
            (id, ImportCounts::default())
        }
    };
    if !import_run::start(&conn, id, now).await? {
        return Err(ImportError::RunEnded(id));
    }
    Ok((Some(id), counts))
}

impl Run<'_> {
    /// Takes the chunks as they are cut.
    async fn follow(
        &mut self,
        cutter: Cutter,
        on_progress: &(dyn Fn(&ImportCounts) + Send + Sync),
    ) -> Result<(), ImportError> {
        // One chunk waits, one is being cut and one is written: more would only fill the memory.
        let (sender, mut receiver) = mpsc::channel(1);
        let reading = tokio::task::spawn_blocking(move || cutter.run(&sender));
        on_progress(&self.counts);
        while let Some(chunk) = receiver.recv().await {
            self.take(chunk?).await?;
            on_progress(&self.counts);
        }
        reading.await.map_err(|_| ImportError::ReaderGone)
    }

    async fn take(&mut self, mut chunk: Chunk) -> Result<(), ImportError> {
        if self.options.dry_run {
            let conn = self.context.store.worker().conn().await?;
            let decisions = self.writer.decide(&conn, &mut chunk, self.context.clock.now()).await?;
            let (counts, errors) = self.count(&mut chunk, &decisions);
            if let Some(id) = self.id {
                let tx = self.context.store.worker().begin("import_dry_run").await?;
                self.advance((&tx, id), &counts, &errors).await?;
                tx.commit().await?;
            }
            self.keep(counts, errors);
            return Ok(());
        }
        let id = self.id.ok_or(ImportError::ReaderGone)?;
        for _ in 0..ATTEMPTS {
            match self.attempt(id, &mut chunk).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(ImportError::Store(error))
                    if error.is_retryable() || error.violated_constraint().is_some() => {}
                Err(error) => return Err(error),
            }
            // Somebody else has written what this chunk counted on: look again.
            self.writer.forget();
            self.writer.forget_location(self.options.location);
        }
        Err(ImportError::Contended)
    }

    /// Writes a chunk in one transaction; `false` when the shop changed under it.
    async fn attempt(&mut self, id: ImportId, chunk: &mut Chunk) -> Result<bool, ImportError> {
        let now = self.context.clock.now();
        let tx = self.context.store.worker().begin("import_chunk").await?;
        let decisions = self.writer.decide(&tx, chunk, now).await?;
        if !self.writer.write(&tx, (chunk, &decisions), now).await? {
            return Ok(false);
        }
        let (counts, errors) = self.count(chunk, &decisions);
        self.advance((&tx, id), &counts, &errors).await?;
        outbox::wake(&tx).await?;
        tx.commit().await?;
        self.keep(counts, errors);
        Ok(true)
    }

    /// The counts with this chunk, and its errors in the order of the file.
    fn count(&self, chunk: &mut Chunk, decisions: &Decisions) -> (ImportCounts, Vec<RowError>) {
        let [created, updated, unchanged, failed] = decisions.counts();
        let mut errors: Vec<RowError> = chunk.errors.iter().chain(decisions.errors()).cloned().collect();
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
            return Err(ImportError::TakenOver);
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

    /// Marks the run as failed, so that it can be continued. The error that is told is the first one, whatever
    /// happens here.
    async fn fail(&self, error: &ImportError) {
        let Some(id) = self.id else { return };
        if matches!(error, ImportError::TakenOver) {
            return;
        }
        let Ok(conn) = self.context.store.worker().conn().await else { return };
        let message = storable(&error.to_string());
        let ended = ("failed", Some(message.as_str()));
        if let Err(error) = import_run::finish(&conn, id, ended, self.context.clock.now()).await {
            tracing::warn!(import.id = %id, %error, "the run could not be marked as failed");
        }
    }

    async fn succeed(&self) -> Result<(), ImportError> {
        let Some(id) = self.id else { return Ok(()) };
        let now = self.context.clock.now();
        let tx = self.context.store.worker().begin("import_finish").await?;
        if !import_run::finish(&tx, id, ("succeeded", None), now).await? {
            return Err(ImportError::TakenOver);
        }
        let counts = &self.counts;
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
        Ok(())
    }
}

/// A text of the file as PostgreSQL can keep it, and bounded.
fn storable(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(1_000).collect()
}
