//! Where orders wait to be decided: what arrives while a commit is under way is decided together after it
//! (docs/adr/0018).
//!
//! An order that arrives while nobody else does is decided at once, alone. A worker that has just answered several waits a
//! moment for as many: buyers come in waves, and whoever took the first of a wave alone would leave the others waiting for
//! it. Workers are tasks that begin when there is something to do and end when there is not, so a request that is broken
//! off neither undoes nor repeats its order.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, oneshot};
use tradepost_domain::kernel::ids::OrderId;
use tradepost_domain::payment::PaymentProvider;
use tradepost_store::StoreError;
use tradepost_store::db::{add_statements, count_statements};

use super::batch::{Knowing, Verdict, decide};
use super::input::{OrderCreate, Source};
use crate::answer::Answer;
use crate::error::WriteError;
use crate::idempotency::{Claim, suspend_later};
use crate::secret::SecretToken;
use crate::shop::Shop;
use crate::shopper::ShopperContext;

/// Orders that are decided together at most.
pub const BATCH_MAX: usize = 16;
/// Batches under way at the same time: while one waits for the disk, the other one is priced.
const WORKERS: usize = 2;
/// Orders that wait where one worker more is worth it: its batches are full however many workers there are, and two of them
/// wait for the disk while the third has the processors.
const CROWD: usize = BATCH_MAX.saturating_mul(2);
/// How long a worker waits for company, unless the shop says otherwise: clients that were just answered are back sooner, when
/// they come at all.
pub const GATHERING: Duration = Duration::from_millis(1);
/// Orders that wait at most: a few tenths of a second. Who comes after them is told to come back.
pub const WAITING_MAX: usize = 512;
/// How long an order may wait: whoever sent it has given up by then, and may have sent another.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// Times that an order alone is tried anew.
const DRAWS: u32 = 5;
/// Orders that are decided alone at a time, over all batches: each has a connection of the storefront's, which others need
/// too, and most of them wait for the same counter.
const ALONE_AT_ONCE: usize = 4;
/// How long a deciding may take. Locks that do not come end it long before; this is for a database that is gone without a
/// word, for which no worker is to wait.
const DECIDING_MAX: Duration = Duration::from_secs(15);

/// An order that somebody wants to place.
#[derive(Debug)]
pub(super) struct Request {
    /// Who.
    pub context: ShopperContext,
    /// Of what.
    pub source: Source,
    /// What else was sent.
    pub create: OrderCreate,
    /// Who collects the payment.
    pub provider: PaymentProvider,
}

/// An order that stands.
#[derive(Debug)]
pub(super) enum Placed {
    /// With its answer, which is kept with its idempotency key.
    Answered(Answer),
    /// Its provider has to be asked before there is an answer.
    AsksElsewhere {
        /// The order.
        order: OrderId,
        /// The secret of a guest's.
        token: Option<SecretToken>,
    },
}

/// What became of an order, and the statements that it took, alone or with others.
type Told = (Result<Placed, WriteError>, u32);

/// Who is to be told what became of an order: exactly once, even when the deciding is broken off.
#[derive(Debug)]
struct Reply {
    shop: Arc<Shop>,
    // One that is new is in hand at the desk for as long as this is not told.
    claim: Option<Claim>,
    since: Timestamp,
    // Taken when it is told.
    answer: Option<oneshot::Sender<Told>>,
}

impl Reply {
    fn tell(mut self, verdict: Verdict, statements: u32) {
        let (placed, is_unknown) = match verdict {
            Verdict::Placed(placed) => (Ok(placed), false),
            Verdict::Refused(error) => (Err(error), false),
            Verdict::Unknown(error) => (Err(error), true),
            Verdict::Alone => {
                (Err(StoreError::inconsistent("orders", "an order was not decided").into()), false)
            }
        };
        self.send((placed, statements), is_unknown);
    }

    /// The same, unless the order has waited for too long: then that is what is told.
    fn in_time(self) -> Option<Self> {
        if self.shop.clock.now().duration_since(self.since) <= PATIENCE {
            return Some(self);
        }
        let too_long = StoreError::Unavailable("the order has waited for too long".to_owned());
        self.tell(Verdict::Refused(too_long.into()), 0);
        None
    }

    /// `is_unknown` where it is not known whether the order, and its key with it, is stored.
    fn send(&mut self, told: Told, is_unknown: bool) {
        let Some(answer) = self.answer.take() else { return };
        let claim = self.claim.take();
        let is_new = claim.as_ref().is_some_and(|claim| claim.is_new);
        // Before anybody hears of it: whoever does may ask again at once.
        if let Some(claim) = claim.as_ref().filter(|_| is_new) {
            self.shop.desk.line().in_hand.remove(&name_of(claim));
        }
        let is_left = match answer.send(told) {
            // Whoever waits gives back what was claimed before, and knows of no other claim than that of an order that stands.
            Ok(()) => is_new && is_unknown,
            // Nobody is there any more to do so. A key with an answer keeps it.
            Err((Ok(Placed::Answered(_)), _)) => false,
            Err((placed, _)) => placed.is_ok() || is_unknown || !is_new,
        };
        if let Some(claim) = claim.filter(|_| is_left) {
            suspend_later(self.shop.store.storefront().clone(), claim);
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.send((Err(StoreError::Unavailable("the deciding was broken off".to_owned()).into()), 0), true);
    }
}

#[derive(Debug)]
struct Waiting {
    request: Request,
    reply: Reply,
}

/// A key by its principal and itself.
type KeyName = (String, String);

fn name_of(claim: &Claim) -> KeyName {
    (claim.principal.clone(), claim.key.clone())
}

/// A worker that waits for company for those who come.
#[derive(Debug)]
struct Gathering {
    /// How many it waits for.
    enough: usize,
    /// Closed when it waits no longer.
    batch: oneshot::Sender<Vec<Waiting>>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    workers: usize,
    /// Workers among these that gather, in the order in which they began to.
    gathering: VecDeque<Gathering>,
    /// New keys of orders that are not told yet what became of them, each with the operation and the hash of the body.
    in_hand: BTreeMap<KeyName, (String, Vec<u8>)>,
}

impl Line {
    /// Takes a new key in hand, unless it is already: a repeat is not decided beside its first.
    fn take_in_hand(&mut self, claim: &Claim) -> Result<(), WriteError> {
        let request = (claim.operation.clone(), claim.body_hash.clone());
        match self.in_hand.entry(name_of(claim)) {
            Entry::Vacant(free) => {
                free.insert(request);
                Ok(())
            }
            Entry::Occupied(first) if *first.get() == request => Err(WriteError::ClaimLost),
            Entry::Occupied(_) => Err(WriteError::KeyReused),
        }
    }

    /// The orders to decide next.
    fn batch(&mut self) -> Vec<Waiting> {
        let number = self.waiting.len().min(BATCH_MAX);
        self.waiting.drain(..number).collect()
    }

    /// Somebody has come: whoever gathers is given all when they are enough; a new worker is seated where nobody gathers.
    fn call(&mut self, shop: &Arc<Shop>) -> Option<Seat> {
        self.gathering.retain(|gathering| !gathering.batch.is_closed());
        let Some(first) = self.gathering.front() else { return self.seat(shop) };
        if self.waiting.len() < first.enough {
            return None;
        }
        let first = self.gathering.pop_front()?;
        let batch = self.batch();
        if let Err(mut left) = first.batch.send(batch) {
            // It has given up waiting just now, and looks for itself.
            left.extend(self.waiting.drain(..));
            self.waiting = left.into();
        }
        None
    }

    /// A seat for one more worker, where somebody waits and one is free; in a crowd there is one more.
    fn seat(&mut self, shop: &Arc<Shop>) -> Option<Seat> {
        let seats = WORKERS.saturating_add(usize::from(self.waiting.len() > CROWD));
        if self.waiting.is_empty() || self.workers >= seats {
            return None;
        }
        self.workers = self.workers.saturating_add(1);
        Some(Seat { shop: shop.clone(), is_taken: true })
    }

    fn give_back(&mut self) {
        self.workers = self.workers.saturating_sub(1);
    }
}

/// A worker's seat at the desk, given back however the worker ends.
#[derive(Debug)]
struct Seat {
    shop: Arc<Shop>,
    is_taken: bool,
}

impl Seat {
    /// The orders to decide next; none, and the seat is given back, when nobody waits.
    fn next(&mut self) -> Vec<Waiting> {
        let mut line = self.shop.desk.line();
        let batch = line.batch();
        if batch.is_empty() {
            line.give_back();
            self.is_taken = false;
        }
        batch
    }

    /// [`Seat::next`] after `answered` orders, where these were several, when as many have come or a moment has passed.
    async fn gather(&mut self, answered: usize) -> Vec<Waiting> {
        let mut batch = {
            let mut line = self.shop.desk.line();
            if answered < 2 || line.waiting.len() >= answered {
                drop(line);
                return self.next();
            }
            let (sender, batch) = oneshot::channel();
            line.gathering.push_back(Gathering { enough: answered, batch: sender });
            batch
        };
        let patience = self.shop.checkout.gathering;
        if let Ok(Ok(batch)) = tokio::time::timeout(patience, &mut batch).await {
            return batch;
        }
        // What was given in the same moment is not lost.
        batch.close();
        batch.try_recv().unwrap_or_else(|_| self.next())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.is_taken {
            return;
        }
        self.shop.desk.line().give_back();
        // The worker panicked: whoever waits is not to wait for the next arrival.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let shop = self.shop.clone();
        runtime.spawn(async move {
            let seat = shop.desk.line().seat(&shop);
            if let Some(seat) = seat {
                work_off(seat).await;
            }
        });
    }
}

/// The desk of a shop.
#[derive(Debug)]
pub struct OrderDesk {
    line: Mutex<Line>,
    alone: Semaphore,
}

impl Default for OrderDesk {
    fn default() -> Self {
        Self { line: Mutex::default(), alone: Semaphore::new(ALONE_AT_ONCE) }
    }
}

impl OrderDesk {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders that wait.
    pub fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    /// Has an order decided. It is, from here on, whether or not somebody waits for the answer.
    pub(super) async fn place(&self, request: Request) -> Result<Placed, WriteError> {
        let shop = request.context.caller.shop.clone();
        let claim = request.context.caller.claim.clone();
        let (answer, told) = oneshot::channel();
        let seat = {
            let mut line = self.line();
            if line.waiting.len() >= WAITING_MAX {
                return Err(StoreError::Unavailable("too many orders wait to be decided".to_owned()).into());
            }
            if let Some(claim) = claim.as_ref().filter(|claim| claim.is_new) {
                line.take_in_hand(claim)?;
            }
            let reply = Reply { claim, since: shop.clock.now(), answer: Some(answer), shop: shop.clone() };
            line.waiting.push_back(Waiting { request, reply });
            line.call(&shop)
        };
        if let Some(seat) = seat {
            tokio::spawn(work_off(seat));
        }
        let gone = |_| StoreError::Unavailable("the process ends".to_owned());
        let (placed, statements) = told.await.map_err(gone)?;
        add_statements(statements);
        placed
    }
}

async fn work_off(mut seat: Seat) {
    let mut answered = 0;
    loop {
        let batch = seat.gather(answered).await;
        if batch.is_empty() {
            return;
        }
        answered = batch.len();
        tell_all(batch).await;
    }
}

/// Decides a batch and tells everybody what became of theirs.
async fn tell_all(batch: Vec<Waiting>) {
    let in_time = batch.into_iter().filter_map(|waiting| Some((waiting.request, waiting.reply.in_time()?)));
    let (requests, replies): (Vec<Request>, Vec<Reply>) = in_time.unzip();
    let (verdicts, statements) = match requests.len() {
        // What is alone is decided below, like all that has to be.
        1 => (Ok(vec![Verdict::Alone]), 0),
        _ => caught(&requests, Knowing::Remembering).await,
    };
    // One that nobody is beside was not looked at yet.
    let knowing = if requests.len() == 1 { Knowing::Remembering } else { Knowing::Reading };
    let verdicts = verdicts.unwrap_or_else(|failure| after_failure(&failure, requests.len()));
    // Nobody may be waiting any more: an order is decided all the same.
    let mut left = Vec::new();
    for ((request, reply), verdict) in requests.into_iter().zip(replies).zip(verdicts) {
        match verdict {
            Verdict::Alone => left.push((request, reply)),
            verdict => reply.tell(verdict, statements),
        }
    }
    let left = left.into_iter().map(|(request, reply)| async move {
        let shop = request.context.caller.shop.clone();
        let _permit = shop.desk.alone.acquire().await;
        let Some(reply) = reply.in_time() else { return };
        let (verdict, own) = alone(request, knowing).await;
        reply.tell(verdict, statements.saturating_add(own));
    });
    futures_util::stream::iter(left).for_each_concurrent(BATCH_MAX, |order| order).await;
}

/// Why orders were not decided, and whether it is certain that nothing of them was stored.
struct Failure {
    error: WriteError,
    is_undone: bool,
}

/// What becomes of the orders of a batch that failed as a whole: decided one by one where it is certain that nothing of it
/// was stored. Where that is not known, nobody is told more than that: the keys of the requests tell the rest.
fn after_failure(Failure { error, is_undone }: &Failure, orders: usize) -> Vec<Verdict> {
    tracing::warn!(%error, orders, is_undone, "a batch of orders failed");
    let each = || {
        if *is_undone {
            return Verdict::Alone;
        }
        Verdict::Unknown(StoreError::Unavailable(error.to_string()).into())
    };
    (0..orders).map(|_| each()).collect()
}

/// A number that is taken is drawn anew; who lost a deadlock had nothing stored.
fn is_worth_another_try(error: &StoreError) -> bool {
    error.violated_constraint() == Some("orders_number_key") || error.is_retryable()
}

/// Decides one order in a transaction of its own; by what is read, where what is remembered is not enough.
async fn alone(request: Request, mut knowing: Knowing) -> (Verdict, u32) {
    let requests = [request];
    let mut statements: u32 = 0;
    let mut draws = 0;
    loop {
        let (verdicts, counted) = caught(&requests, knowing).await;
        statements = statements.saturating_add(counted);
        let verdict = match verdicts.map(|mut verdicts| verdicts.pop().unwrap_or(Verdict::Alone)) {
            Err(Failure { error: WriteError::Store(error), .. })
                if is_worth_another_try(&error) && draws < DRAWS =>
            {
                draws = draws.saturating_add(1);
                continue;
            }
            Err(Failure { error, is_undone: true }) => Verdict::Refused(error),
            Err(Failure { error, is_undone: false }) => Verdict::Unknown(error),
            Ok(Verdict::Alone) if knowing == Knowing::Remembering => {
                knowing = Knowing::Reading;
                continue;
            }
            Ok(verdict) => verdict,
        };
        return (verdict, statements);
    }
}

/// Decides orders, counts the statements, and makes a panic the failure of this batch alone.
async fn caught(requests: &[Request], knowing: Knowing) -> (Result<Vec<Verdict>, Failure>, u32) {
    let is_commit_asked = AtomicBool::new(false);
    let deciding = count_statements(Box::pin(decide(requests, knowing, &is_commit_asked)));
    let deciding = tokio::time::timeout(DECIDING_MAX, AssertUnwindSafe(deciding).catch_unwind());
    let (verdicts, statements) = match deciding.await {
        Ok(Ok(decided)) => decided,
        Ok(Err(_)) => (Err(StoreError::inconsistent("orders", "the deciding panicked").into()), 0),
        Err(_) => (Err(StoreError::Unavailable("the database does not answer".to_owned()).into()), 0),
    };
    let failed = |error| {
        // What was never asked to be kept is gone with its transaction, however that ended.
        let is_undone = !is_commit_asked.load(Ordering::Relaxed)
            || matches!(&error, WriteError::Store(error) if error.is_rolled_back());
        Failure { error, is_undone }
    };
    (verdicts.map_err(failed), statements)
}
