//! Tells other processes what this one holds, asks for shelves to be filled anew, and proves that they are equal to the rows.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use tradepost_domain::kernel::ids::{EntityId, SearchQueryId};
use tradepost_store::catalog::projection;
use tradepost_store::catalog::search_shelf::{self, Tally, ToldShelf};
use tradepost_store::{Store, StoreError};

use super::fill::view;
use super::{ShelfError, Shelves};
use crate::shop::Shop;

/// How often it is looked whether there is something new to tell.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is told that nothing is new.
const REPEAT_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// For how long a process that tells nothing is taken to be alive.
const ALIVE_FOR: SignedDuration = SignedDuration::from_secs(20);

impl Shelves {
    /// Tells what there is, as long as it is polled; never fails, but tries again.
    pub(super) async fn keep_telling(&self) {
        let (mut told, mut told_at) = (None, self.clock.now());
        loop {
            let news = self.news().await;
            let now = self.clock.now();
            if told.as_ref() != Some(&news) || now.duration_since(told_at) >= REPEAT_EVERY {
                match self.tell(&news).await {
                    Ok(()) => (told, told_at) = (Some(news), now),
                    Err(error) => tracing::debug!(%error, "the state of search could not be told"),
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Tells of the shelves that there are.
    pub async fn tell_now(&self) -> Result<(), StoreError> {
        self.tell(&self.news().await).await
    }

    async fn tell(&self, news: &[ToldShelf]) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = now.saturating_sub(ALIVE_FOR).unwrap_or(now);
        let conn = self.store.worker().conn().await?;
        let process = *self.process.get_or_init(|| self.ids.next::<SearchQueryId>().as_uuid());
        search_shelf::tell(&conn, process, news, (now, before)).await
    }

    /// The shelves that stand or are being filled, all at one epoch.
    async fn news(&self) -> Vec<ToldShelf> {
        let _turn = self.turn.lock().await;
        let epoch = self.followed.load(Ordering::SeqCst);
        let mut news: Vec<ToldShelf> = self
            .read()
            .iter()
            .map(|(view, standing)| ToldShelf {
                view: view.clone(),
                generation: Some(standing.generation),
                epoch,
                tally: standing.tally(),
                filling: None,
            })
            .collect();
        if let Some(filling) = self.underway() {
            match news.iter_mut().find(|told| told.view == filling.view) {
                Some(told) => told.filling = Some((filling.done, filling.due)),
                None => news.push(ToldShelf {
                    view: filling.view,
                    generation: None,
                    epoch,
                    tally: Tally::default(),
                    filling: Some((filling.done, filling.due)),
                }),
            }
        }
        news.sort_by(|first, second| {
            (first.view.channel_id, first.view.locale.as_str())
                .cmp(&(second.view.channel_id, second.view.locale.as_str()))
        });
        news
    }
}

/// Asks every process that serves the shop to fill its shelves anew; answers what to look for in [`refill_progress`].
pub async fn ask_to_refill(store: &Store) -> Result<i64, StoreError> {
    search_shelf::next_generation(&*store.worker().conn().await?).await
}

/// How far processes are with filling their shelves anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefillProgress {
    /// Shelves of all processes.
    pub shelves: usize,
    /// Those that are of the generation.
    pub ready: usize,
    /// Products that the ready ones hold.
    pub products: i64,
    /// Products read and to be read, each twice.
    pub read: (u64, u64),
}

/// How far processes are with a generation.
pub async fn refill_progress(shop: &Shop, generation: i64) -> Result<RefillProgress, StoreError> {
    let mut progress = RefillProgress::default();
    for told in told(shop).await? {
        let is_ready = told.generation.is_some_and(|own| own >= generation);
        let twice = told.tally.products.saturating_mul(2);
        let (done, due) = match told.filling {
            _ if is_ready => (twice, twice),
            Some(filling) => filling,
            None => (0, twice),
        };
        progress.shelves = progress.shelves.saturating_add(1);
        progress.read.0 = progress.read.0.saturating_add(u64::try_from(done).unwrap_or(0));
        progress.read.1 = progress.read.1.saturating_add(u64::try_from(due).unwrap_or(0));
        if is_ready {
            progress.ready = progress.ready.saturating_add(1);
            progress.products = progress.products.saturating_add(told.tally.products);
        }
    }
    Ok(progress)
}

async fn told(shop: &Shop) -> Result<Vec<ToldShelf>, StoreError> {
    let now = shop.clock.now();
    let conn = shop.store.worker().conn().await?;
    search_shelf::list(&conn, now.saturating_sub(ALIVE_FOR).unwrap_or(now)).await
}

/// How shelves stand to the rows that they are made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShelfProof {
    /// Shelves that hold exactly the rows, in the versions that these have.
    pub equal: usize,
    /// Those that are being filled for the first time.
    pub filling: usize,
    /// The others, each in words.
    pub different: Vec<String>,
}

/// Compares what processes have told with the rows. What is different may be on its way: look again some seconds later.
pub async fn prove_shelves(shop: &Shop) -> Result<ShelfProof, StoreError> {
    let (epoch, rows) = {
        let conn = shop.store.worker().conn().await?;
        let epoch = projection::current_epoch(&conn).await?;
        (epoch, search_shelf::tallies(&conn).await?)
    };
    let rows: HashMap<_, _> = rows.into_iter().collect();
    let mut proof = ShelfProof::default();
    for told in told(shop).await? {
        let is = rows.get(&told.view).copied().unwrap_or_default();
        if told.generation.is_none() {
            proof.filling = proof.filling.saturating_add(1);
        } else if told.epoch == epoch && told.tally == is {
            proof.equal = proof.equal.saturating_add(1);
        } else {
            proof.different.push(format!(
                "{}/{} {}; it is at epoch {}, the database at {epoch}",
                told.view.channel_id,
                told.view.locale,
                difference(told.tally, is),
                told.epoch,
            ));
        }
    }
    Ok(proof)
}

/// How the indexes that the shelves of all processes stand on are to the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexProof {
    /// The engine and its version.
    pub engine: String,
    /// Indexes that hold exactly the rows, in the versions that these have.
    pub equal: usize,
    /// Products in all of them.
    pub products: i64,
    /// The others, each in words.
    pub different: Vec<String>,
}

impl Shelves {
    /// Asks the engine itself what it holds, and compares that with the rows; nothing where each process has indexes of its own.
    pub async fn prove_indexes(&self) -> Result<Option<IndexProof>, ShelfError> {
        let mut proof = IndexProof::default();
        for name in self.names().await? {
            let Some(look) = self.maker.look(&name).await? else { return Ok(None) };
            let rows = search_shelf::tallies(&*self.store.worker().conn().await?).await?;
            let own = rows.into_iter().find(|(of, _)| *of == view(&name));
            let is = own.map(|(_, tally)| tally).unwrap_or_default();
            let holds = Tally { products: look.products, versions: look.versions };
            proof.engine = look.engine;
            proof.products = proof.products.saturating_add(look.products);
            if holds == is {
                proof.equal = proof.equal.saturating_add(1);
            } else {
                let of = format!("{}/{}", name.channel_id, name.locale);
                proof.different.push(format!("{of} {}", difference(holds, is)));
            }
        }
        Ok(Some(proof))
    }
}

/// How what is held differs from the rows.
fn difference(holds: Tally, is: Tally) -> String {
    let versions = if holds.products == is.products { ", of other versions" } else { "" };
    format!("holds {} products, the database {}{versions}", holds.products, is.products)
}
