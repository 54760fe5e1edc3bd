//! Two chunks of a file at once: while the database writes one, the next is decided and written in a transaction of its
//! own, and commits when the one before it has. So both cores of a small machine work, where one transaction at a time
//! keeps one of them busy.
//!
//! Chunks still commit one by one in the order of the file: a run that breaks off has all products up to a position and
//! none beyond. Written ahead is only what cannot depend on the chunk before: new products with SKUs of their own. All
//! others wait for their turn.
//!
//! A file sorted by brand, as an export is, has a new brand in almost every chunk. What new products refer to and is not
//! there yet is therefore made before them, in a short transaction of its own, so that the next chunk finds it; a run that
//! breaks off may leave a brand, type, category or collection without products, which it finds again when it continues.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc, oneshot};
use tradepost_domain::kernel::ids::StockLocationId;
use tradepost_store::import_run::ImportCounts;
use tradepost_store::{StoreError, Tx};

use super::chunk::{Chunk, Cutter};
use super::error::ImportError;
use super::record::ReadError;
use super::run::{ImportContext, Run};
use super::write::{Decisions, Writer};

/// How long a transaction that has written ahead is kept while it waits for its turn. Somebody else may wait for its
/// locks and be waited for by the chunk before, a circle that PostgreSQL cannot see: shorter than the time after which
/// that chunk would be refused its lock.
const PATIENCE: Duration = Duration::from_secs(3);
/// Connections of the pool that must be free for it: the two that it takes, and one for others.
const SPARED: usize = 3;

/// A chunk that is written and not committed.
pub(super) struct Ahead {
    pub(super) tx: Tx,
    pub(super) decisions: Decisions,
    pub(super) now: Timestamp,
}

/// The chunks in the order of the file.
struct Queue {
    chunks: mpsc::Receiver<Result<Chunk, ReadError>>,
    /// Told when the last chunk that was handed out is committed.
    last: Option<oneshot::Receiver<()>>,
    /// Hashes of its SKUs.
    skus: HashSet<u64>,
    hasher: RandomState,
}

/// When a chunk may be committed.
struct Turn {
    before: Option<oneshot::Receiver<()>>,
    done: oneshot::Sender<()>,
    /// Whether it has no SKU of the chunk before.
    is_apart: bool,
}

impl Queue {
    async fn next(&mut self) -> Option<(Result<Chunk, ReadError>, Turn)> {
        let chunk = self.chunks.recv().await?;
        let drafts = chunk.as_ref().map(|chunk| chunk.drafts.as_slice()).unwrap_or_default();
        let variants = drafts.iter().flat_map(|draft| &draft.imported.product.variants);
        let skus = variants.filter_map(|variant| variant.sku.as_ref());
        let skus: HashSet<u64> = skus.map(|sku| self.hasher.hash_one(sku)).collect();
        let is_apart = skus.is_disjoint(&self.skus);
        self.skus = skus;
        let (done, last) = oneshot::channel();
        Some((chunk, Turn { before: self.last.replace(last), done, is_apart }))
    }
}

/// Takes the chunks of a file as they are cut.
pub(super) async fn follow(
    run: &mut Run<'_>,
    cutter: Cutter,
    on_progress: &(dyn Fn(&ImportCounts) + Send + Sync),
) -> Result<(), ImportError> {
    // One chunk waits, one is being cut and two are written: more would only fill the memory.
    let (sender, chunks) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || cutter.run(&sender));
    on_progress(&run.counts);
    let queue = Queue { chunks, last: None, skus: HashSet::new(), hasher: RandomState::new() };
    let context = run.context;
    let writer = || Writer::new(Arc::clone(&context.ids), run.location, run.options.dry_run);
    let (first, second) = (writer(), writer());
    let (dry_run, margin, location) = (run.options.dry_run, run.options.chunk_products, run.location);
    let (run, queue, made) = (Mutex::new(run), Mutex::new(queue), Mutex::new(0));
    let hand = |writer| Hand {
        context,
        margin,
        location,
        run: &run,
        queue: &queue,
        made: &made,
        seen: 0,
        writer,
        // Nothing is written in a dry run.
        is_declined: dry_run,
        on_progress,
    };
    if dry_run {
        hand(first).work().await?;
    } else {
        tokio::try_join!(hand(first).work(), hand(second).work())?;
    }
    reading.await.map_err(|_| ImportError::ReaderGone)
}

/// One of those that take turns.
struct Hand<'a, 'r> {
    context: &'a ImportContext,
    margin: usize,
    location: Option<StockLocationId>,
    run: &'a Mutex<&'a mut Run<'r>>,
    queue: &'a Mutex<Queue>,
    /// How often one of them has made what products refer to. Held while that is looked for and made: what one makes
    /// the other finds, and both do not make the same.
    made: &'a Mutex<u64>,
    /// The number up to which the writer knows of it.
    seen: u64,
    writer: Writer,
    /// Whether the last chunk could not be written ahead: the next is likely none either, and tried only where there is
    /// time for it.
    is_declined: bool,
    on_progress: &'a (dyn Fn(&ImportCounts) + Send + Sync),
}

impl Hand<'_, '_> {
    async fn work(mut self) -> Result<(), ImportError> {
        loop {
            let Some((mut chunk, mut turn)) = self.queue.lock().await.next().await else { return Ok(()) };
            let has_time = turn.before.as_ref().is_some_and(oneshot::Receiver::is_empty);
            let ahead = match &mut chunk {
                Ok(chunk) if turn.is_apart && (has_time || !self.is_declined) => {
                    self.write_ahead(chunk).await
                }
                _ => None,
            };
            let Some(ahead) = wait(&mut turn, ahead).await else {
                // The chunk before was not committed: the other hand tells why.
                return Ok(());
            };
            self.take((chunk?, ahead)).await?;
            let _ = turn.done.send(());
        }
    }

    /// Commits a chunk whose turn has come.
    async fn take(&mut self, (chunk, ahead): (Chunk, Option<Ahead>)) -> Result<(), ImportError> {
        let is_late = ahead.is_none();
        let mut run = self.run.lock().await;
        run.take(&mut self.writer, (chunk, ahead)).await?;
        (self.on_progress)(&run.counts);
        drop(run);
        if is_late {
            // It may have made what its products refer to.
            let mut made = self.made.lock().await;
            *made = made.saturating_add(1);
        }
        Ok(())
    }

    /// Writes what can be written before the turn has come; what cannot, or fails, is left for it.
    async fn write_ahead(&mut self, chunk: &mut Chunk) -> Option<Ahead> {
        let worker = self.context.store.worker();
        let usage = worker.usage();
        let free = usage.max.saturating_sub(usage.size).saturating_add(usage.idle);
        if usage.waiting > 0 || free < SPARED {
            return None;
        }
        let written = Box::pin(self.try_ahead(chunk)).await;
        self.is_declined = !matches!(written, Ok(Some(_)));
        if self.is_declined {
            // It may have drawn ids for what the chunk before makes.
            self.writer.forget(self.location);
        }
        written.unwrap_or_else(|error| {
            tracing::debug!(%error, "a chunk could not be written ahead of its turn");
            None
        })
    }

    async fn try_ahead(&mut self, chunk: &mut Chunk) -> Result<Option<Ahead>, StoreError> {
        let now = self.context.clock.now();
        let tx = self.context.store.worker().begin("import_ahead").await?;
        let Some(decisions) = self.decide_ahead(&tx, chunk, now).await? else { return Ok(None) };
        self.writer.write_ahead(&tx, (&chunk.drafts, &decisions), now).await?;
        Ok(Some(Ahead { tx, decisions, now }))
    }

    /// Decides a chunk and makes what its products refer to, so that it is there for all; while it is decided the
    /// transaction holds no lock.
    async fn decide_ahead(
        &mut self,
        tx: &Tx,
        chunk: &mut Chunk,
        now: Timestamp,
    ) -> Result<Option<Decisions>, StoreError> {
        let mut made = self.made.lock().await;
        if *made != self.seen {
            self.writer.forget(self.location);
            self.seen = *made;
        }
        let part = (chunk.drafts.as_mut_slice(), chunk.labels.as_ref());
        let decisions = self.writer.decide_ahead(tx, (part, self.margin), now).await?;
        if let Some(decisions) = &decisions
            && !self.writer.finds_all()
        {
            let apart = self.context.store.worker().begin("import_refs").await?;
            self.writer.make_refs(&apart, (&chunk.drafts, decisions), now).await?;
            apart.commit_soon().await?;
            *made = made.saturating_add(1);
            self.seen = *made;
        }
        Ok(decisions)
    }
}

/// Waits for the turn, with what was written ahead for as long as that may be kept; `None` when the turn never comes.
async fn wait(turn: &mut Turn, ahead: Option<Ahead>) -> Option<Option<Ahead>> {
    let Some(before) = &mut turn.before else { return Some(ahead) };
    let Some(ahead) = ahead else { return before.await.is_ok().then_some(None) };
    if let Ok(told) = tokio::time::timeout(PATIENCE, &mut *before).await {
        return told.is_ok().then_some(Some(ahead));
    }
    drop(ahead);
    before.await.is_ok().then_some(None)
}
