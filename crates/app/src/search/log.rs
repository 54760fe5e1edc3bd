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
use ring::hmac;
use tokio::sync::OnceCell;
use tradepost_domain::kernel::ids::{EntityId, OrderId, ProductId, SearchQueryId};
use tradepost_store::db::Client;
use tradepost_store::{StoreError, search_log};
use uuid::Uuid;

use crate::catalog::list_products::ListProducts;
use crate::catalog::{Document, Shopper};
use crate::error::WriteError;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::secret::SecretToken;
use crate::shop::Shop;

pub use tradepost_store::search_log::{EventRow, Outcome, SearchRow};

/// Searches, and events, that wait to be written.
const WAITING_MAX: usize = 10_000;
/// A search is the shopper's own when so long no other one follows it.
const IDLE: SignedDuration = SignedDuration::from_secs(1);
/// Events wait longer: their search may be one that another process has yet to write.
const EVENTS_REST: SignedDuration = SignedDuration::from_secs(5);
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// Rows of a statement.
const BATCH: usize = 1_000;
/// How often the same is tried to be written while the database is there but does not take it.
const REFUSALS_MAX: u32 = 5;

/// The log of this process.
#[derive(Debug, Default)]
pub struct SearchLog {
    waiting: Mutex<Waiting>,
    dropped: AtomicU64,
    /// Of the hashes of browsers.
    key: OnceCell<hmac::Key>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// In the order of their time.
    searches: Vec<SearchRow>,
    events: Vec<EventRow>,
    /// How often the database did not take what is waiting.
    refusals: u32,
}

/// Words as they are counted: lower case, single blanks, nothing that cannot be seen. None of what may be somebody's address: that
/// is not kept.
pub fn fold_words(text: &str) -> Option<String> {
    let words: Vec<String> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).map(str::to_lowercase).collect();
    let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (!words.is_empty() && !text.contains('@')).then_some(words)
}

/// What is noted of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedWords {
    words: Option<String>,
    is_initial: bool,
}

impl AskedWords {
    /// Of a search.
    pub fn of(command: &ListProducts) -> Self {
        let is_initial = command.cursor.is_none()
            && command.filters.is_empty()
            && command.as_words.is_empty()
            && command.category.is_none()
            && command.collection.is_none();
        Self { words: command.text.as_deref().and_then(fold_words), is_initial }
    }
}

/// Who searched.
#[derive(Debug, Clone, Copy)]
pub struct Searcher<'a> {
    /// Where.
    pub shopper: &'a Shopper,
    /// Which browser, where its shopper has agreed to be recognised.
    pub client_id: Option<Uuid>,
    /// From which address; it is counted, never kept.
    pub ip: Option<&'a str>,
}

/// Notes a search that was answered, and gives the answer its id. Never fails and never waits.
pub fn note_search(
    shop: &Shop,
    asked: AskedWords,
    searcher: Searcher<'_>,
    answer: &Document,
) -> SearchQueryId {
    let id = shop.ids.next();
    let (Some(words), Some(found)) = (asked.words, &answer.searched) else { return id };
    if shop.throttle.search_note(searcher.ip).is_err() {
        shop.search_log.drop_some(1);
        return id;
    }
    shop.search_log.note(SearchRow {
        id,
        at: shop.clock.now(),
        channel_id: searcher.shopper.channel.id,
        locale: searcher.shopper.locale.to_string(),
        client_id: searcher.client_id,
        words,
        is_initial: asked.is_initial,
        outcome: found.outcome.clone(),
    });
    id
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
                self.drop_some(1);
            }
        }
    }

    fn drop_some(&self, count: usize) {
        self.dropped.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Notes a search.
    pub fn note(&self, search: SearchRow) {
        self.add(&mut self.waiting().searches, [search]);
    }

    /// Notes what became of searches.
    pub fn note_events(&self, events: Vec<EventRow>) {
        self.add(&mut self.waiting().events, events);
    }

    /// Searches and events that did not fit, came too often or were not taken by the database.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Takes what is due: all, or what nothing more can happen to.
    fn take(&self, now: Timestamp, all: bool) -> (Vec<SearchRow>, Vec<EventRow>) {
        let (searches, events) = {
            let mut waiting = self.waiting();
            (std::mem::take(&mut waiting.searches), std::mem::take(&mut waiting.events))
        };
        // Shoppers who note something meanwhile do not wait for this.
        let is_due = |at: Timestamp, rest| all || now.duration_since(at) >= rest;
        let clicked: HashSet<SearchQueryId> = events.iter().map(|event| event.query_id).collect();
        let mut next: HashMap<Uuid, (Timestamp, String)> = HashMap::new();
        let (mut due, mut rest) = (Vec::new(), Vec::new());
        for search in searches.into_iter().rev() {
            let follower = search.client_id.and_then(|id| next.insert(id, (search.at, search.words.clone())));
            let is_replaced = follower
                .is_some_and(|(at, words)| at.duration_since(search.at) < IDLE && words != search.words);
            if !is_due(search.at, IDLE) {
                rest.push(search);
            } else if !is_replaced || clicked.contains(&search.id) {
                due.push(search);
            }
        }
        due.reverse();
        rest.reverse();
        let (due_events, early) = events.into_iter().partition(|event| is_due(event.at, EVENTS_REST));
        let mut waiting = self.waiting();
        rest.append(&mut waiting.searches);
        waiting.searches = rest;
        waiting.events.extend::<Vec<_>>(early);
        (due, due_events)
    }

    /// Writes what is due; what could not be written waits on.
    pub async fn write(&self, shop: &Shop, all: bool) -> Result<(), StoreError> {
        let (searches, events) = self.take(shop.clock.now(), all);
        if searches.is_empty() && events.is_empty() {
            return Ok(());
        }
        let written = self.write_rows(shop, &searches, &events).await;
        let mut waiting = self.waiting();
        let Err(error) = &written else {
            waiting.refusals = 0;
            return Ok(());
        };
        if !matches!(error, StoreError::Unavailable(_)) {
            waiting.refusals = waiting.refusals.saturating_add(1);
        }
        if waiting.refusals > REFUSALS_MAX {
            // Something of it will never be taken: what comes is not to wait for it.
            waiting.refusals = 0;
            self.drop_some(searches.len().saturating_add(events.len()));
        } else {
            // Writing the same again changes nothing.
            self.add(&mut waiting.searches, searches);
            waiting.searches.sort_by_key(|search| search.at);
            self.add(&mut waiting.events, events);
        }
        written
    }

    async fn write_rows(
        &self,
        shop: &Shop,
        searches: &[SearchRow],
        events: &[EventRow],
    ) -> Result<(), StoreError> {
        let conn = shop.store.worker().conn().await?;
        let key = self.key(shop, &conn).await?;
        for rows in searches.chunks(BATCH) {
            let hashed = rows
                .iter()
                .cloned()
                .map(|row| SearchRow { client_id: row.client_id.map(|id| hash(key, id)), ..row });
            search_log::insert_searches(&conn, &hashed.collect::<Vec<_>>()).await?;
        }
        for rows in events.chunks(BATCH) {
            search_log::insert_events(&conn, rows).await?;
        }
        Ok(())
    }

    /// What is kept of a browser's id.
    pub(super) async fn browser(
        &self,
        shop: &Shop,
        conn: &Client,
        client_id: Uuid,
    ) -> Result<Uuid, StoreError> {
        Ok(hash(self.key(shop, conn).await?, client_id))
    }

    /// Lets what waits to be written of a browser be anybody's.
    pub(super) fn forget(&self, client_id: Uuid) {
        let mut waiting = self.waiting();
        let mut own = HashSet::new();
        for search in waiting.searches.iter_mut().filter(|search| search.client_id == Some(client_id)) {
            search.client_id = None;
            own.insert(search.id);
        }
        waiting.events.retain(|event| !own.contains(&event.query_id));
    }

    async fn key(&self, shop: &Shop, conn: &Client) -> Result<&hmac::Key, StoreError> {
        let draw = async || {
            let drawn = SecretToken::draw("slk", &*shop.ids);
            let key = search_log::client_key(conn, drawn.expose(), shop.clock.now()).await?;
            Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
        };
        self.key.get_or_try_init(draw).await
    }

    /// Writes until `shutdown`, and all once more then.
    pub async fn run(&self, shop: &Shop, shutdown: impl Future<Output = ()>) {
        let rhythm = Rhythm { name: "the log of searches", every: WRITE_EVERY, woken_by: None };
        let round =
            || async { self.write(shop, false).await.map(|()| Round::Done).map_err(WriteError::from) };
        keep_doing(rhythm, shutdown, round).await;
        if let Err(error) = self.write(shop, true).await {
            tracing::warn!(%error, "the last searches could not be written");
        }
    }
}

/// What is kept of a browser's id: nobody who lacks the key, or the id, finds the one by the other.
fn hash(key: &hmac::Key, client_id: Uuid) -> Uuid {
    let tag = hmac::sign(key, client_id.as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(tag.as_ref()).for_each(|(byte, of_tag)| *byte = *of_tag);
    Uuid::from_bytes(bytes)
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
            outcome: std::sync::Arc::default(),
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
    fn what_waits_on_stays_in_its_order_before_what_comes() {
        let log = SearchLog::default();
        for (number, ms) in (1..).zip([0, 900, 950]) {
            log.note(search(number, ms, None, &number.to_string()));
        }
        assert_eq!(words(&log, 1_000), ["1"]);
        log.note(search(4, 1_100, None, "4"));
        let order: Vec<String> = log.waiting().searches.iter().map(|search| search.words.clone()).collect();
        assert_eq!(order, ["2", "3", "4"]);
    }

    #[test]
    fn a_browser_is_the_same_under_one_key_and_nobody_under_another() {
        let key = |text: &str| hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
        let (one, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        assert_eq!(hash(&key("a"), one), hash(&key("a"), one));
        let hashes = HashSet::from([one, hash(&key("a"), one), hash(&key("b"), one), hash(&key("a"), other)]);
        assert_eq!(hashes.len(), 4);
    }

    #[test]
    fn words_are_counted_in_one_form_and_addresses_not_at_all() {
        assert_eq!(fold_words("  Red   SHOES ").as_deref(), Some("red shoes"));
        assert_eq!(fold_words("red\0shoes\n").as_deref(), Some("red shoes"));
        assert_eq!(fold_words("ada@example.com"), None);
        assert_eq!(fold_words("  "), None);
    }
}
