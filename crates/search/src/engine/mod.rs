//! The embedded engine: words in Tantivy, everything else about products in a table beside it.
//!
//! The words of a product are written when they change, and are visible a commit later (some 10 ms). What products are filtered,
//! counted and sorted by lies in the table, where prices and stock change at once.

mod conditions;
mod facets;
mod histogram;
mod index;
mod kept;
mod listing;
mod lists;
mod met;
mod orders;
mod pass;
mod pool;
mod postings;
pub(crate) mod ranking;
mod survey;
mod table;
mod tally;
mod values;
mod visible;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::{Deserialize, Serialize};
use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::BoxFuture;
use tradepost_port::search::plan::{QueryPlan, Step};
use tradepost_port::search::{
    Capabilities, Change, ChangeKind, Hits, IndexDocument, Live, SearchDocument, SearchEngine, SearchError,
};

use self::conditions::Conditions;
pub(crate) use self::conditions::wants_sold_out;
pub(crate) use self::facets::best;
pub(crate) use self::histogram::steps as histogram_steps;
pub(crate) use self::index::field_name;
use self::index::{Fields, Stored};
use self::kept::Kept;
use self::lists::Lists;
use self::pass::{Pass, Took};
use self::survey::List;
use self::table::Table;
pub(crate) use self::table::label as label_of;
pub(crate) use self::values::name_of;
pub(crate) use self::visible::Visible;

/// Why the engine failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The index could not be written or read.
    #[error("the search index failed")]
    Index(#[from] tantivy::TantivyError),
    /// Its folder could not be written or read.
    #[error("the folder of the search index failed")]
    Folder(#[from] std::io::Error),
    /// What it keeps of a product could not be written or read.
    #[error("a product of the search index is malformed")]
    Malformed(#[from] serde_json::Error),
}

impl From<EngineError> for SearchError {
    fn from(error: EngineError) -> Self {
        Self::Failed(error.into())
    }
}

/// Memory of the writer in bytes, before it writes a segment.
const WRITER_BYTES: usize = 16 << 20;

/// Products whose price or stock changed, from which on those are written beside the words even if no word changed.
const UNSAVED_MAX: usize = 2_000;

/// Products that an answer at a glance looks at, at most: a fraction of a millisecond.
const GLANCE_ROWS_MAX: usize = 2_000;

/// Looks that an answer to words at a glance takes at what its words were known to be in: a fraction of a millisecond, too.
const GLANCE_LOOKS_MAX: usize = 8_000;

/// An index that answers plans.
pub struct Engine {
    reader: IndexReader,
    fields: Fields,
    writer: Mutex<Writer>,
    table: RwLock<Table>,
    kept: Kept,
    lists: Lists,
    visible: Visible,
    durable: AtomicI64,
    in_folder: bool,
}

/// What is written, by one at a time.
struct Writer {
    index: IndexWriter<TantivyDocument>,
    /// Products whose price or stock changed since it was last written.
    unsaved: HashSet<ProductId>,
}

/// Prices and stock as they are kept.
#[derive(Serialize, Deserialize)]
struct StoredLive {
    id: ProductId,
    live: Live,
}

impl Engine {
    /// An empty engine in memory.
    pub fn in_memory() -> Result<Self, EngineError> {
        let (index, fields) = index::in_memory();
        Self::over(&index, fields, false)
    }

    /// An engine that keeps its products in a folder and goes on with those that are there.
    pub fn open(folder: &Path) -> Result<Self, EngineError> {
        let (index, fields) = index::in_folder(folder)?;
        let engine = Self::over(&index, fields, true)?;
        let sequence =
            index.load_metas()?.payload.and_then(|payload| payload.parse().ok()).unwrap_or_default();
        engine.durable.store(sequence, Ordering::Release);
        engine.visible.reach(sequence);
        let mut lives = Vec::new();
        let mut table = engine.write_table();
        engine.each_stored(|stored| {
            match stored {
                Stored::Product(row, stored) => table.put_at(row, &serde_json::from_slice(&stored)?),
                Stored::Live(stored) => lives.push(serde_json::from_slice::<StoredLive>(&stored)?),
            }
            Ok(())
        })?;
        for StoredLive { id, live } in lives {
            table.take(id, &live);
        }
        drop(table);
        Ok(engine)
    }

    fn over(index: &Index, fields: Fields, in_folder: bool) -> Result<Self, EngineError> {
        // Each thread that ever merged keeps some memory for the next time.
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(WRITER_BYTES)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        Ok(Self {
            reader: index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?,
            fields,
            writer: Mutex::new(Writer {
                index: index.writer_with_options(options)?,
                unsaved: HashSet::new(),
            }),
            table: RwLock::default(),
            kept: Kept::default(),
            lists: Lists::default(),
            visible: Visible::default(),
            durable: AtomicI64::new(0),
            in_folder,
        })
    }

    fn read_table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_table(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that is kept for a restart.
    fn each_stored(
        &self,
        mut take: impl FnMut(Stored) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for segment in self.reader.searcher().segment_readers() {
            let store = segment.get_store_reader(1)?;
            for entry in store.iter::<TantivyDocument>(segment.alive_bitset()) {
                if let Some(stored) = self.fields.stored(&entry?) {
                    take(stored)?;
                }
            }
        }
        Ok(())
    }

    /// Every product that a folder keeps, with prices and stock as they are now; in memory none is kept.
    pub fn each_document(&self, mut take: impl FnMut(SearchDocument)) -> Result<(), EngineError> {
        self.each_stored(|stored| {
            if let Stored::Product(_, stored) = stored {
                let mut document: SearchDocument = serde_json::from_slice(&stored)?;
                if let Some(live) = self.read_table().live(document.id) {
                    document.take(&live);
                }
                take(document);
            }
            Ok(())
        })
    }

    /// Takes changes; see [`SearchEngine::apply`]. It works on the thread that it is called on.
    pub fn take(&self, changes: Vec<Change<IndexDocument>>) -> Result<i64, EngineError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = changes.iter().map(|change| change.sequence).max() else {
            return Ok(self.visible.sequence());
        };
        let last = last.max(self.visible.sequence());
        // Of several changes of a product, those before the last whole one are of no account.
        let whole =
            changes.iter().enumerate().filter(|(_, change)| !matches!(change.kind, ChangeKind::Live(_)));
        let last_whole: HashMap<ProductId, usize> = whole.map(|(place, change)| (change.id, place)).collect();
        let mut words_changed = false;
        for (place, change) in changes.into_iter().enumerate() {
            if last_whole.get(&change.id).is_some_and(|last| place < *last) {
                continue;
            }
            words_changed |= !matches!(change.kind, ChangeKind::Live(_));
            self.take_one(&mut writer, change)?;
        }
        if words_changed || writer.unsaved.len() >= UNSAVED_MAX {
            self.commit(&mut writer, last)?;
        }
        self.visible.reach(last);
        Ok(last)
    }

    fn take_one(&self, writer: &mut Writer, change: Change<IndexDocument>) -> Result<(), EngineError> {
        match change.kind {
            ChangeKind::Upsert(product) => {
                let stored = self.in_folder.then(|| serde_json::to_vec(&product.document)).transpose()?;
                let (row, is_new) = {
                    let mut table = self.write_table();
                    let is_new = table.find(change.id).is_none();
                    (table.put(&product.document), is_new)
                };
                // What says that words are gone is kept for long: of a first filling there is nothing to say.
                if !is_new {
                    writer.index.delete_term(self.fields.id_term(change.id));
                    self.forget_live(writer, change.id);
                }
                writer.index.add_document(self.fields.entry(row, &product, stored.as_deref()))?;
            }
            ChangeKind::Live(live) => {
                if self.write_table().take(change.id, &live) && self.in_folder {
                    writer.unsaved.insert(change.id);
                }
            }
            ChangeKind::Delete => {
                self.write_table().remove(change.id);
                writer.index.delete_term(self.fields.id_term(change.id));
                self.forget_live(writer, change.id);
            }
        }
        Ok(())
    }

    /// What is kept of prices and stock is in the product again, or nowhere.
    fn forget_live(&self, writer: &mut Writer, id: ProductId) {
        writer.unsaved.remove(&id);
        if self.in_folder {
            writer.index.delete_term(self.fields.live_term(id));
        }
    }

    /// Makes everything visible and, in a folder, durable.
    fn commit(&self, writer: &mut Writer, sequence: i64) -> Result<(), EngineError> {
        for id in &writer.unsaved {
            let Some(live) = self.read_table().live(*id) else { continue };
            let stored = serde_json::to_vec(&StoredLive { id: *id, live })?;
            writer.index.delete_term(self.fields.live_term(*id));
            writer.index.add_document(self.fields.live_entry(*id, &stored))?;
        }
        let mut commit = writer.index.prepare_commit()?;
        commit.set_payload(&sequence.to_string());
        commit.commit()?;
        writer.unsaved.clear();
        self.reader.reload()?;
        if self.in_folder {
            self.durable.store(sequence, Ordering::Release);
        }
        Ok(())
    }

    /// Gives back memory that was taken ahead for more products than came.
    pub fn settle(&self) {
        self.write_table().settle();
    }

    /// Follows a plan; see [`SearchEngine::search`].
    pub fn follow(&self, plan: &QueryPlan) -> Result<Hits, EngineError> {
        let sequence = self.visible.sequence();
        if plan.must.is_empty() {
            let found = listing::answer(plan, &self.read_table(), &self.kept, usize::MAX);
            return Ok(Hits { sequence, ..found.unwrap_or_default() });
        }
        let searcher = self.reader.searcher();
        let generation = searcher.generation().generation_id();
        let table = self.read_table();
        let mut pass = Pass::new(plan, &table, Conditions::of(plan, &table), usize::MAX);
        for (place, step) in plan.relax.iter().enumerate() {
            if pass.wants(step) {
                let state = (generation, table.rows().len(), &plan.scoring);
                let list = |slot| {
                    let read = || postings::read(&searcher, &self.fields, (slot, step.doubt), &plan.scoring);
                    self.lists.get((slot, step.doubt), state, read)
                };
                let lists: Vec<Arc<List>> = plan.must.iter().map(list).collect::<tantivy::Result<_>>()?;
                self.take_step(&mut pass, (place, *step), (generation, &table), (plan, &lists));
            }
        }
        Ok(Hits { sequence, ..pass.finish() })
    }

    /// Takes a step of a plan whose words these lists hold; whether it was taken.
    fn take_step(
        &self,
        pass: &mut Pass<'_>,
        (place, step): (usize, Step),
        (generation, table): (u64, &Table),
        (plan, lists): (&QueryPlan, &[Arc<List>]),
    ) -> bool {
        let took = pass.take_step(place, lists);
        if took == Took::WorkedOut {
            let state = (generation, table.rows().len(), &plan.scoring);
            for (slot, list) in plan.must.iter().zip(lists) {
                self.lists.keep((slot, step.doubt), state, list);
            }
        }
        took != Took::TooMuch
    }

    /// Follows a plan whose words were read before, if that is done at once.
    fn glance_at_words(&self, plan: &QueryPlan) -> Option<Hits> {
        let sequence = self.visible.sequence();
        let generation = self.reader.searcher().generation().generation_id();
        let table = self.table.try_read().ok()?;
        let mut pass = Pass::new(plan, &table, Conditions::of(plan, &table), GLANCE_LOOKS_MAX);
        for (place, step) in plan.relax.iter().enumerate() {
            if pass.wants(step) {
                let list = |slot| self.lists.kept((slot, step.doubt), generation, &plan.scoring);
                let lists: Vec<Arc<List>> = plan.must.iter().map(list).collect::<Option<_>>()?;
                if !self.take_step(&mut pass, (place, *step), (generation, &table), (plan, &lists)) {
                    return None;
                }
            }
        }
        Some(Hits { sequence, ..pass.finish() })
    }
}

impl SearchEngine for Engine {
    fn apply(&self, changes: Vec<Change<IndexDocument>>) -> BoxFuture<'_, Result<i64, SearchError>> {
        Box::pin(async move { Ok(self.take(changes)?) })
    }

    fn durable_sequence(&self) -> i64 {
        self.durable.load(Ordering::Acquire)
    }

    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move {
            self.visible.wait(sequence).await;
            Ok(())
        })
    }

    fn put_up(&self) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move {
            self.settle();
            Ok(())
        })
    }

    fn search<'a>(&'a self, plan: &'a QueryPlan) -> BoxFuture<'a, Result<Hits, SearchError>> {
        Box::pin(async move { Ok(self.follow(plan)?) })
    }

    fn glance(&self, plan: &QueryPlan) -> Option<Hits> {
        if !plan.must.is_empty() {
            return self.glance_at_words(plan);
        }
        let sequence = self.visible.sequence();
        // Whoever writes may hold it for long.
        let table = self.table.try_read().ok()?;
        let found = listing::answer(plan, &table, &self.kept, GLANCE_ROWS_MAX)?;
        Some(Hits { sequence, ..found })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "tantivy", visible_when_applied: true, durable: self.in_folder }
    }
}
