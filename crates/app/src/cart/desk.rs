//! Where changes of carts wait to be stored: what arrives while others are on their way is stored together after them
//! (docs/adr/0020).
//!
//! A change that nobody is beside is stored at once. Each is stored if what it was decided by still is so, whatever
//! becomes of those beside it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tradepost_store::StoreError;
use tradepost_store::cart::{self, LineChange};
use tradepost_store::db::add_statements;

use crate::shop::Shop;

/// Changes that are stored together at most.
const BATCH_MAX: usize = 16;
/// Statements under way at the same time: while one waits for the disk, the other one is worked on.
const WORKERS: usize = 2;
/// How long storing may take: for a database that is gone without a word, for which no worker is to wait.
const STORING_MAX: Duration = Duration::from_secs(15);

/// What is left of the goods of a cart whose change is stored; none where something is not as it was supposed to be.
type Stored = Option<Vec<i64>>;

/// A change with who waits for what becomes of it.
type Waiting = (LineChange, oneshot::Sender<Result<Stored, StoreError>>);

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    workers: usize,
}

/// The desk of a shop.
#[derive(Debug, Default)]
pub struct CartDesk {
    line: Mutex<Line>,
}

impl CartDesk {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat for one more worker, where somebody waits and one is free.
    fn seat(&self, shop: &Arc<Shop>) -> Option<Seat> {
        let mut line = self.line();
        if line.waiting.is_empty() || line.workers >= WORKERS {
            return None;
        }
        line.workers = line.workers.saturating_add(1);
        Some(Seat { shop: shop.clone(), is_taken: true })
    }
}

/// Stores a change, beside others or alone.
pub(super) async fn store(shop: &Arc<Shop>, change: LineChange) -> Result<Stored, StoreError> {
    let (answer, told) = oneshot::channel();
    shop.cart_desk.line().waiting.push_back((change, answer));
    if let Some(seat) = shop.cart_desk.seat(shop) {
        tokio::spawn(work_off(seat));
    }
    add_statements(1);
    told.await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("the change of the cart was broken off".to_owned())))
}

/// A worker's seat at the desk, given back however the worker ends.
#[derive(Debug)]
struct Seat {
    shop: Arc<Shop>,
    is_taken: bool,
}

impl Seat {
    /// What to store next; nothing, and the seat is given back, when nobody waits.
    fn next(&mut self) -> Vec<Waiting> {
        let mut line = self.shop.cart_desk.line();
        // Whoever has gone away has changed nothing.
        line.waiting.retain(|(_, answer)| !answer.is_closed());
        let number = line.waiting.len().min(BATCH_MAX);
        if number == 0 {
            line.workers = line.workers.saturating_sub(1);
            self.is_taken = false;
        }
        line.waiting.drain(..number).collect()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.is_taken {
            return;
        }
        // The worker panicked: whoever waits is not to wait for the next arrival.
        let desk = &self.shop.cart_desk;
        desk.line().workers = desk.line().workers.saturating_sub(1);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if let Some(seat) = desk.seat(&self.shop) {
            runtime.spawn(work_off(seat));
        }
    }
}

async fn work_off(mut seat: Seat) {
    loop {
        let (changes, answers): (Vec<LineChange>, Vec<_>) = seat.next().into_iter().unzip();
        if changes.is_empty() {
            return;
        }
        let changes: Vec<&LineChange> = changes.iter().collect();
        for (answer, stored) in answers.into_iter().zip(store_all(&seat.shop, &changes).await) {
            // Nobody may be waiting any more: the change is stored all the same.
            let _ = answer.send(stored);
        }
    }
}

/// Stores changes by one statement; each by its own, where the database refuses all because of one.
async fn store_all(shop: &Shop, changes: &[&LineChange]) -> Vec<Result<Stored, StoreError>> {
    let error = match store_together(shop, changes).await {
        Ok(stored) => return stored.into_iter().map(Ok).collect(),
        Err(error) if changes.len() == 1 => return vec![Err(error)],
        Err(error) => error,
    };
    let mut each = Vec::with_capacity(changes.len());
    for change in changes {
        each.push(match error.is_rolled_back() {
            true => store_together(shop, &[change]).await.map(|mut stored| stored.pop().flatten()),
            false => Err(StoreError::Unavailable(error.to_string())),
        });
    }
    each
}

async fn store_together(shop: &Shop, changes: &[&LineChange]) -> Result<Vec<Stored>, StoreError> {
    let storing = async {
        let conn = shop.store.storefront().conn().await?;
        cart::change_lines(&conn, changes).await
    };
    let gone = |_| Err(StoreError::Unavailable("the database does not answer".to_owned()));
    tokio::time::timeout(STORING_MAX, storing).await.unwrap_or_else(gone)
}
