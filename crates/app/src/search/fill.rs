//! Fills shelves from the read model, and keeps as many as there are channels and locales.
//!
//! The products are read twice, some hundred at a time: a shelf learns from all of them before it holds the first. What changes
//! meanwhile is found by the versions of the rows before the shelf is put up, so that traffic goes on and nothing is missed.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tradepost_domain::kernel::ids::ProductId;
use tradepost_domain::kernel::with_causes;
use tradepost_port::search::{Change, ChangeKind, SearchDocument, SearchError, ShelfFilling, ShelfName};
use tradepost_store::catalog::fragment::View;
use tradepost_store::catalog::indexing::{self, IndexRow};
use tradepost_store::catalog::{projection, search_shelf};
use tradepost_store::channel;

use super::bench::Bench;
use super::standing::{Holding, Standing, finish};
use super::steer::hand;
use super::{ShelfError, Shelves, Underway, document};

/// Products that are read at once: their pages, parsed, take some ten times what a shelf keeps of them.
const BATCH: i64 = 200;
/// How often a new shelf catches up before others wait for it, and how few products it takes for them to wait.
const AHEAD_MAX: usize = 3;
const FEW: usize = 100;
/// How often it is looked whether shelves are missing when nobody tells.
const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) fn view(name: &ShelfName) -> View {
    View { channel_id: name.channel_id, locale: name.locale.clone() }
}

/// Does work that keeps a thread busy where that does no harm.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    let done = tokio::task::spawn_blocking(work).await;
    // A fault of ours in one question does not take the index from all others.
    done.unwrap_or_else(|error| Err(SearchError::Unavailable(error.into())))
}

/// The documents of rows, with their versions; a row that cannot be read is left out.
fn documents(rows: Vec<IndexRow>) -> Vec<(i64, SearchDocument)> {
    let read = |row: IndexRow| {
        let (id, version) = (row.product_id, row.version);
        let read = document::document(row);
        read.inspect_err(|error| {
            tracing::error!(product.id = %id, %error, "a page cannot be read: search leaves the product out");
        })
        .ok()
        .map(|document| (version, document))
    };
    rows.into_iter().filter_map(read).collect()
}

/// A shelf in the making, and what it holds by now.
struct Making {
    filling: Box<dyn ShelfFilling>,
    holding: Holding,
}

impl Making {
    #[expect(clippy::unnecessary_wraps, reason = "the shape of both readings")]
    fn learn(mut self, rows: Vec<IndexRow>) -> Result<Self, SearchError> {
        let documents: Vec<_> = documents(rows).into_iter().map(|(_, document)| document).collect();
        self.filling.learn(&documents);
        Ok(self)
    }

    fn put(mut self, rows: Vec<IndexRow>) -> Result<Self, SearchError> {
        let documents = documents(rows);
        for (version, document) in &documents {
            self.holding.note(*version, document);
        }
        let change = |(sequence, document): (i64, SearchDocument)| Change {
            sequence,
            id: document.id,
            kind: ChangeKind::Upsert(Box::new(document)),
        };
        finish(self.filling.put(documents.into_iter().map(change).collect()))?;
        Ok(self)
    }
}

impl Shelves {
    /// Keeps a shelf for every channel and locale until `shutdown`; never fails, but tries again.
    pub async fn keep(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let mut telling = pin!(self.keep_telling());
        // A filling may take long, and rules begin and end meanwhile.
        let mut minding = pin!(self.keep_minding());
        loop {
            let round = async {
                if let Err(error) = Box::pin(self.ensure()).await {
                    tracing::warn!(error = with_causes(&error), "search could not be filled: trying again");
                }
                let _ = tokio::time::timeout(LOOK_EVERY, self.wanted.notified()).await;
            };
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = &mut telling => {}
                () = &mut minding => {}
                () = round => {}
            }
        }
    }

    /// Fills the shelves that are missing or worn, takes away those of channels and locales that are gone, and suggests what has
    /// become popular. Of several that cannot be filled the first one's error is given.
    pub async fn ensure(&self) -> Result<(), ShelfError> {
        self.mind_popular().await?;
        let names = self.names().await?;
        let wanted: HashMap<View, &ShelfName> = names.iter().map(|name| (view(name), name)).collect();
        let is_kept =
            |view: &View, standing: &Standing| wanted.get(view).is_some_and(|name| **name == standing.name);
        self.resting().retain(|view, resting| is_kept(view, resting));
        if self.read().iter().any(|(view, standing)| !is_kept(view, standing)) {
            self.arrange(|standing| standing.retain(|view, standing| is_kept(view, standing)));
        }
        let generation = search_shelf::generation(&*self.store.worker().conn().await?).await?;
        let now = self.clock.now();
        let is_old = |standing: Arc<Standing>| standing.generation < generation || standing.is_worn(now);
        let mut done = Ok(());
        for name in &names {
            if self.get(&view(name)).is_none_or(is_old) {
                let filled = Box::pin(self.wake_or_fill(name, generation)).await;
                self.note_filling(None);
                // One that cannot be filled is no reason for the others to be missing.
                done = done.and(filled);
            }
        }
        done
    }

    /// Whether a shelf stands for every channel and locale.
    pub async fn are_ready(&self) -> Result<bool, ShelfError> {
        Ok(self.names().await?.iter().all(|name| self.get(&view(name)).is_some()))
    }

    fn note_filling(&self, underway: Option<Underway>) {
        *self.filling.lock().unwrap_or_else(PoisonError::into_inner) = underway;
    }

    fn note_read(&self, products: usize) {
        let mut filling = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(underway) = filling.as_mut() {
            underway.done = underway.done.saturating_add(i64::try_from(products).unwrap_or(0));
        }
    }

    /// What there is to be a shelf of, what most shoppers see first.
    pub(super) async fn names(&self) -> Result<Vec<ShelfName>, ShelfError> {
        let mut channels = channel::list(&*self.store.worker().conn().await?).await?;
        channels.sort_by_key(|channel| !channel.is_default);
        let name = |channel: &tradepost_domain::catalog::Channel, locale: &_| ShelfName {
            channel_id: channel.id,
            locale: Clone::clone(locale),
            price_exponent: channel.currency.exponent(),
        };
        let open = channels.iter().filter(|channel| channel.active);
        Ok(open.flat_map(|channel| channel.locales.iter().map(move |locale| name(channel, locale))).collect())
    }

    async fn wake_or_fill(&self, name: &ShelfName, generation: i64) -> Result<(), ShelfError> {
        if self.wake(&view(name), generation).await? { Ok(()) } else { self.fill(name, generation).await }
    }

    async fn fill(&self, name: &ShelfName, generation: i64) -> Result<(), ShelfError> {
        let view = view(name);
        let (maker, begun, seat) = (self.maker.clone(), name.clone(), self.seat.clone());
        let bench = Bench::new()?;
        let empty = bench.run(move || finish(maker.begin(&begun, generation, seat))).await?;
        let total = indexing::count(&*self.store.worker().conn().await?, &view).await?;
        let due = total.saturating_mul(2);
        self.note_filling(Some(Underway { view: view.clone(), done: 0, due }));
        let making = Making { filling: empty, holding: Holding::default() };
        let making = self.read_all((&view, &bench), making, Making::learn).await?;
        let making = self.read_all((&view, &bench), making, Making::put).await?;
        let (full, holding) =
            bench.run(move || Ok((finish(making.filling.finish())?, making.holding))).await?;
        let standing = Arc::new(Standing::new(name.clone(), full, holding, (generation, self.clock.now())));
        let products = standing.tally().products;
        self.put_up(&view, standing).await?;
        tracing::info!(channel.id = %name.channel_id, locale = %name.locale, products, "search is filled");
        Ok(())
    }

    /// Lets a shelf that nobody asks take what it missed, and puts it up.
    pub(super) async fn put_up(&self, view: &View, standing: Arc<Standing>) -> Result<(), ShelfError> {
        // What changed while it was filled may be much: most of it is taken while everything else goes on.
        for _ in 0..AHEAD_MAX {
            let epoch = projection::current_epoch(&*self.store.worker().conn().await?).await?;
            if self.catch_up(view, &standing, epoch).await? < FEW {
                break;
            }
        }
        self.hand_popular(view, &standing).await?;
        // Nothing is announced between what is found missing now and the moment from which on it is told.
        let _turn = self.turn.lock().await;
        let epoch = projection::current_epoch(&*self.store.worker().conn().await?).await?;
        self.catch_up(view, &standing, epoch).await?;
        let full = standing.shelf.clone();
        aside(move || finish(full.put_up())).await?;
        hand(&self.load_steering().await?, standing.clone()).await;
        standing.is_here();
        self.resting().remove(view);
        self.followed.fetch_max(epoch, Ordering::SeqCst);
        self.arrange(|all| drop(all.insert(view.clone(), standing)));
        Ok(())
    }

    /// Shows every product of a view to a shelf in the making.
    async fn read_all(
        &self,
        (view, bench): (&View, &Bench),
        mut making: Making,
        show: fn(Making, Vec<IndexRow>) -> Result<Making, SearchError>,
    ) -> Result<Making, ShelfError> {
        let mut after: Option<ProductId> = None;
        loop {
            let rows = {
                let conn = self.store.worker().conn().await?;
                indexing::list_rows(&conn, view, after, BATCH).await?
            };
            let Some(last) = rows.last() else { return Ok(making) };
            after = Some(last.product_id);
            self.note_read(rows.len());
            making = bench.run(move || show(making, rows)).await?;
        }
    }
}
