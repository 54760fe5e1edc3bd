//! Remembers searches and what became of them, in memory, until a round writes them: no shopper waits for it.
//!
//! What does not fit is dropped and counted. A search that the same browser replaced by other words within a second was typed
//! on the way to them and is left out, unless something of it was clicked.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::kernel::ids::{EntityId, OrderId, ProductId, SearchQueryId};
use tradepost_store::{StoreError, search_log};
use uuid::Uuid;

use crate::error::WriteError;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;

pub use tradepost_store::search_log::{EventRow, SearchRow};

/// Searches, and events, that wait to be written.
const WAITING_MAX: usize = 10_000;
/// A search is the shopper's own when so long no other one follows it.
const IDLE: SignedDuration = SignedDuration::from_secs(1);
/// Events wait longer: their search may be one that another process has yet to write.
const EVENTS_REST: SignedDuration = SignedDuration::from_secs(5);
const WRITE_EVERY: Duration = Duration::from_secs(2);
const PURGE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The log of this process.
#[derive(Debug, Default)]
pub struct SearchLog {
    waiting: Mutex<Waiting>,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    /// In the order of their time.
    searches: Vec<SearchRow>,
    events: Vec<EventRow>,
    purged_at: Option<Timestamp>,
}

/// Words as they are counted: lower case, single blanks. None of what may be somebody's address: that is not kept.
pub fn fold_words(text: &str) -> Option<String> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    (!words.is_empty() && !text.contains('@')).then(|| words.join(" "))
}

/// The products of an answer, in its order, out of the names of what it is made of.
pub fn hits_of(surrogate_keys: &str) -> Vec<ProductId> {
    surrogate_keys.split(' ').filter_map(|key| key.parse().ok()).collect()
}

/// Something that a shopper did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Went to a product of the answer.
    Click(ProductId),
    /// Put one into the cart.
    AddToCart(ProductId),
    /// Placed an order.
    Purchase(OrderId),
}

impl Deed {
    /// The row of it.
    pub fn of(self, query_id: SearchQueryId, position: Option<i32>, at: Timestamp) -> EventRow {
        let (action, object_id) = match self {
            Self::Click(id) => ("click", id.as_uuid()),
            Self::AddToCart(id) => ("add_to_cart", id.as_uuid()),
            Self::Purchase(id) => ("purchase", id.as_uuid()),
        };
        EventRow { query_id, action, object_id, position, at }
    }
}

impl SearchLog {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add<T>(&self, waiting: &mut Vec<T>, new: impl IntoIterator<Item = T>) {
        for one in new {
            if waiting.len() < WAITING_MAX {
                waiting.push(one);
            } else {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Notes a search.
    pub fn note(&self, search: SearchRow) {
        self.add(&mut self.waiting().searches, [search]);
    }

    /// Notes what became of searches.
    pub fn note_events(&self, events: Vec<EventRow>) {
        self.add(&mut self.waiting().events, events);
    }

    /// Searches and events that did not fit.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Takes what is due: all, or what nothing more can happen to.
    fn take(&self, now: Timestamp, all: bool) -> (Vec<SearchRow>, Vec<EventRow>) {
        let mut waiting = self.waiting();
        let clicked: HashSet<SearchQueryId> = waiting.events.iter().map(|event| event.query_id).collect();
        let is_due = |at: Timestamp, rest| all || now.duration_since(at) >= rest;
        let mut next: HashMap<Uuid, (Timestamp, String)> = HashMap::new();
        let (mut due, mut rest) = (Vec::new(), Vec::new());
        for search in std::mem::take(&mut waiting.searches).into_iter().rev() {
            let follower = search.client_id.and_then(|id| next.insert(id, (search.at, search.words.clone())));
            let is_replaced = follower
                .is_some_and(|(at, words)| at.duration_since(search.at) < IDLE && words != search.words);
            if !is_due(search.at, IDLE) {
                rest.push(search);
            } else if !is_replaced || clicked.contains(&search.id) {
                due.push(search);
            }
        }
        rest.reverse();
        waiting.searches = rest;
        let events = std::mem::take(&mut waiting.events).into_iter();
        let (events, rest) = events.partition(|event| is_due(event.at, EVENTS_REST));
        waiting.events = rest;
        (due, events)
    }

    /// Writes what is due; what could not be written waits on.
    pub async fn write(&self, shop: &Shop, all: bool) -> Result<(), StoreError> {
        let (searches, events) = self.take(shop.clock.now(), all);
        if searches.is_empty() && events.is_empty() {
            return Ok(());
        }
        let written = async {
            let conn = shop.store.worker().conn().await?;
            search_log::insert_searches(&conn, &searches).await?;
            search_log::insert_events(&conn, &events).await
        }
        .await;
        if written.is_err() {
            let mut waiting = self.waiting();
            // Writing the same again changes nothing.
            self.add(&mut waiting.searches, searches);
            waiting.searches.sort_by_key(|search| search.at);
            self.add(&mut waiting.events, events);
        }
        written.map(drop)
    }

    /// Throws away what is older than it may be, now and then.
    pub async fn purge(&self, shop: &Shop, keep: SignedDuration) -> Result<(), StoreError> {
        let now = shop.clock.now();
        let is_due = |at: Timestamp| now.duration_since(at) >= PURGE_EVERY;
        if self.waiting().purged_at.is_some_and(|at| !is_due(at)) {
            return Ok(());
        }
        let before = now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
        search_log::purge(&*shop.store.worker().conn().await?, before).await?;
        self.waiting().purged_at = Some(now);
        Ok(())
    }

    /// Writes and throws away until `shutdown`, and writes all once more then.
    pub async fn run(&self, shop: &Shop, keep: SignedDuration, shutdown: impl Future<Output = ()>) {
        let rhythm = Rhythm { name: "the log of searches", every: WRITE_EVERY, woken_by: None };
        let round = || async {
            self.write(shop, false).await?;
            self.purge(shop, keep).await?;
            Ok::<_, WriteError>(Round::Done)
        };
        keep_doing(rhythm, shutdown, round).await;
        if let Err(error) = self.write(shop, true).await {
            tracing::warn!(%error, "the last searches could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Option<Uuid> = Some(Uuid::from_u128(7));

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn search(number: u128, ms: i64, client_id: Option<Uuid>, words: &str) -> SearchRow {
        SearchRow {
            id: SearchQueryId::from_uuid(Uuid::from_u128(number)),
            at: at(ms),
            channel_id: EntityId::from_uuid(Uuid::nil()),
            locale: "en".to_owned(),
            client_id,
            words: words.to_owned(),
            is_initial: true,
            hit_ids: Vec::new(),
        }
    }

    fn words(log: &SearchLog, now: i64) -> Vec<String> {
        let mut words: Vec<String> =
            log.take(at(now), false).0.into_iter().map(|search| search.words).collect();
        words.sort();
        words
    }

    #[test]
    fn what_was_typed_on_the_way_is_left_out_unless_it_was_clicked() {
        let log = SearchLog::default();
        let typed = [(0, "s"), (300, "sh"), (600, "shoe"), (1_700, "shoe red")];
        for (number, (ms, words)) in (1..).zip(typed) {
            log.note(search(number, ms, CLIENT, words));
        }
        // Of somebody who is not recognised nobody knows what followed.
        log.note(search(9, 1_700, None, "lamp"));
        let click = Deed::Click(EntityId::from_uuid(Uuid::nil()));
        log.note_events(vec![click.of(SearchQueryId::from_uuid(Uuid::from_u128(2)), Some(1), at(500))]);
        assert_eq!(words(&log, 1_650), ["sh", "shoe"]);
        assert_eq!(words(&log, 2_700), ["lamp", "shoe red"]);
        assert_eq!(words(&log, 9_000), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let log = SearchLog::default();
        for number in 0..=10_001 {
            log.note(search(number, 0, None, "shoe"));
        }
        assert_eq!((log.take(at(0), true).0.len(), log.dropped()), (10_000, 2));
    }

    #[test]
    fn words_are_counted_in_one_form_and_addresses_not_at_all() {
        assert_eq!(fold_words("  Red   SHOES ").as_deref(), Some("red shoes"));
        assert_eq!(fold_words("ada@example.com"), None);
        assert_eq!(fold_words("  "), None);
    }
}
