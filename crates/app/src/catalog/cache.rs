//! What shoppers read, kept in memory: cards and pages by product, finished answers by question.
//!
//! Nothing is searched for and thrown out when something changes. Cards and pages carry the count of changes that their
//! product had seen when their loading *began*; an answer carries the epoch of the catalogue. What carries another
//! count than the present one is not served. So a reader that was overtaken by a change while it loaded the old row
//! stores something that nobody will take.
//!
//! Changes are heard by the listener. While it hears nothing, nothing older than [`DEAF_AGE_MAX_MS`] is served.

mod goods;
mod room;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{ChannelId, EntityId, ProductId};
use tradepost_port::Clock;
use tradepost_store::catalog::category::CategoryRow;
use tradepost_store::catalog::fragment::View;
use tradepost_store::catalog::sellable::SellableFacts;
use uuid::Uuid;

use self::goods::GoodsKey;
use self::room::{Entry, Room};
use super::Document;
use super::digest::Card;
use super::get_product::ProductPage;

pub use self::room::{CacheStats, RoomStats};

/// Bytes that the caches may hold together when nothing else is configured.
pub const CACHE_BYTES_DEFAULT: u64 = 256 * 1024 * 1024;
/// Age in milliseconds up to which an entry is served while changes cannot be heard.
pub const DEAF_AGE_MAX_MS: i64 = 1_000;
/// Age in milliseconds up to which channels and keys are served: revoking a key need not move the epoch.
pub const CHANNEL_AGE_MAX_MS: i64 = 10_000;
/// Age in milliseconds up to which a name that nothing has is known as such.
pub const MISSING_AGE_MAX_MS: i64 = 5_000;
/// What the names that nothing has may take: some twenty thousand, whoever makes them up.
const MISSING_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Counters of changes; products share them, so that a change costs its neighbours a reload and memory stays fixed.
const SHARDS: usize = 4096;

/// A product in a view; small enough to be made for each look-up without allocating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FragmentKey {
    channel: Uuid,
    /// `de-AT`, padded: a locale has at most seven letters.
    locale: [u8; 8],
    product: Uuid,
}

fn locale_key(locale: &Locale) -> [u8; 8] {
    let mut key = [0; 8];
    key.iter_mut().zip(locale.as_str().bytes()).for_each(|(place, letter)| *place = letter);
    key
}

fn fragment_key(view: &View, id: ProductId) -> FragmentKey {
    FragmentKey {
        channel: view.channel_id.as_uuid(),
        locale: locale_key(&view.locale),
        product: id.as_uuid(),
    }
}

/// Channels by id, and which is the default.
pub(super) type ChannelList = Arc<Vec<Arc<Channel>>>;

/// A publishable key that was found: its channel, and when it expires in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownKey {
    pub(super) channel_id: ChannelId,
    pub(super) expires_at_ms: i64,
}

/// How many changes a product had seen; what is loaded after taking it is as new as it at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64);

/// A name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// Handle that the thing has now, if one was called so before.
    pub(super) moved_to: Option<String>,
}

/// What is not to be kept: no counter ever gets there.
const NEVER: u64 = u64::MAX;

#[derive(Debug)]
struct Counters {
    /// By product.
    shards: Vec<AtomicU64>,
    /// Of everything at once.
    everything: AtomicU64,
    /// Of any product, counted before its own counter.
    any: AtomicU64,
    /// The epoch that was last heard of; [`Self::epoch`] follows when the search index has.
    heard: AtomicI64,
    epoch: AtomicI64,
    /// Moves with the epoch, and when answers may be others without one.
    edition: AtomicU64,
    listening: AtomicBool,
}

/// The caches of one shop's catalogue. Clones share them.
#[derive(Clone)]
pub struct CatalogCache {
    inner: Arc<Inner>,
}

struct Inner {
    cards: Room<FragmentKey, Card>,
    pages: Room<FragmentKey, ProductPage>,
    handles: Room<(Uuid, [u8; 8], String), ProductId>,
    bodies: Room<String, Document>,
    goods: Room<GoodsKey, Arc<SellableFacts>>,
    missing: Room<String, Missing>,
    tree: Room<(), Arc<Vec<CategoryRow>>>,
    channels: Room<(), ChannelList>,
    keys: Room<[u8; 32], KnownKey>,
    counters: Counters,
    clock: Arc<dyn Clock>,
    capacity: u64,
}

impl CatalogCache {
    /// Empty caches that together hold about so many bytes at most.
    pub fn new(bytes: u64, clock: Arc<dyn Clock>) -> Self {
        // Carts have the rest.
        let part = |percent: u64| (bytes / 100).saturating_mul(percent);
        let counters = Counters {
            shards: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
            everything: AtomicU64::new(0),
            any: AtomicU64::new(0),
            heard: AtomicI64::new(0),
            epoch: AtomicI64::new(0),
            edition: AtomicU64::new(0),
            listening: AtomicBool::new(false),
        };
        let inner = Inner {
            cards: Room::new(part(20)),
            pages: Room::new(part(41)),
            handles: Room::new(part(5)),
            bodies: Room::new(part(26)),
            goods: Room::new(part(4)),
            missing: Room::new(MISSING_BYTES_MAX),
            // One entry each, whatever its size: the whole tree, all channels.
            tree: Room::new(u64::from(u32::MAX)),
            channels: Room::new(u64::from(u32::MAX)),
            keys: Room::new(1024 * 1024),
            counters,
            clock,
            capacity: bytes,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Bytes that they hold at most.
    pub fn capacity(&self) -> u64 {
        self.inner.capacity
    }

    /// How well the caches serve.
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            cards: self.inner.cards.figures(),
            pages: self.inner.pages.figures(),
            handles: self.inner.handles.figures(),
            bodies: self.inner.bodies.figures(),
            goods: self.inner.goods.figures(),
            missing: self.inner.missing.figures(),
            listening: self.inner.counters.listening.load(Ordering::SeqCst),
            heard: self.heard(),
            epoch: self.epoch(),
        }
    }

    /// The epoch that has begun here.
    pub fn epoch(&self) -> i64 {
        self.inner.counters.epoch.load(Ordering::SeqCst)
    }

    /// What answers are told apart by: it moves with the epoch, and when the search index becomes another one.
    pub fn edition(&self) -> u64 {
        self.inner.counters.edition.load(Ordering::SeqCst)
    }

    /// Whether what was made in this edition is still what shoppers should see. Never while changes cannot be heard.
    pub fn holds_edition(&self, edition: u64) -> bool {
        self.inner.counters.listening.load(Ordering::SeqCst) && self.edition() == edition
    }

    /// Lets go of all finished answers: what they are made of may have changed without an epoch.
    pub fn renew(&self) {
        self.inner.counters.edition.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes note of a change: products that changed, or `None` for all, and the epoch that it began.
    pub fn apply(&self, epoch: i64, products: Option<&[Uuid]>) {
        self.touch(epoch, products);
        self.begin(epoch);
    }

    /// Lets go of the cards and pages that a change has reached. Its epoch is still to [`Self::begin`].
    pub fn touch(&self, epoch: i64, products: Option<&[Uuid]>) {
        let heard = self.inner.counters.heard.fetch_max(epoch, Ordering::SeqCst);
        let follows = epoch <= heard.saturating_add(1);
        match products {
            Some(products) if follows => {
                // First of all `any`: see `load_handle`.
                self.inner.counters.any.fetch_add(1, Ordering::SeqCst);
                for product in products {
                    if let Some(shard) = self.shard(*product) {
                        shard.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
            // An epoch in between was missed, and with it the products that it was about.
            _ => self.invalidate_all(),
        }
        // Pages that are recalled by their edition are of before.
        self.renew();
    }

    /// The epoch as last heard.
    pub(super) fn heard(&self) -> i64 {
        self.inner.counters.heard.load(Ordering::SeqCst)
    }

    /// Begins an epoch, whose changes the search index has taken and [`Self::touch`] was told of: an answer of the new
    /// epoch must be made neither of hits nor of cards of the old.
    pub fn begin(&self, epoch: i64) {
        self.inner.counters.epoch.fetch_max(epoch, Ordering::SeqCst);
        self.renew();
    }

    /// Lets go of every card and page.
    pub fn invalidate_all(&self) {
        self.inner.counters.any.fetch_add(1, Ordering::SeqCst);
        self.inner.counters.everything.fetch_add(1, Ordering::SeqCst);
    }

    /// Changes are heard from now on, beginning with this epoch as read from the database. It is still to [`Self::begin`].
    pub fn hearing_from(&self, epoch: i64) {
        if self.inner.counters.heard.swap(epoch, Ordering::SeqCst) != epoch {
            // Of a database that was put back, the epochs begin anew.
            self.inner.counters.epoch.fetch_min(epoch, Ordering::SeqCst);
            self.invalidate_all();
            self.renew();
        }
        self.inner.counters.listening.store(true, Ordering::SeqCst);
    }

    /// The same where the search index has the changes of the epoch.
    pub fn listening_from(&self, epoch: i64) {
        self.hearing_from(epoch);
        if self.epoch() != epoch {
            self.begin(epoch);
        }
    }

    /// Changes are no longer heard.
    pub fn deafened(&self) {
        self.inner.counters.listening.store(false, Ordering::SeqCst);
    }

    /// The epoch as a stamp.
    fn epoch_stamp(&self) -> u64 {
        u64::try_from(self.epoch()).unwrap_or_default()
    }

    fn shard(&self, product: Uuid) -> Option<&AtomicU64> {
        // The tail of a UUIDv7 is random.
        let tail = u16::try_from(product.as_u128() & 0xFFFF).unwrap_or_default();
        self.inner.counters.shards.get(usize::from(tail) % SHARDS)
    }

    /// To be taken before a product's row is read.
    pub(super) fn stamp(&self, product: ProductId) -> Stamp {
        let own = self.shard(product.as_uuid()).map_or(0, |shard| shard.load(Ordering::SeqCst));
        // Both only grow: the sum is the same only if neither has moved.
        Stamp(own.saturating_add(self.inner.counters.everything.load(Ordering::SeqCst)))
    }

    fn now_ms(&self) -> i64 {
        self.inner.clock.now().as_millisecond()
    }

    fn is_young<V>(&self, entry: &Entry<V>, age_max_ms: i64) -> bool {
        (0..=age_max_ms).contains(&self.now_ms().saturating_sub(entry.loaded_at_ms))
    }

    /// Whether changes are heard, or else the entry is too young to be far from the truth.
    fn is_current<V>(&self, entry: &Entry<V>) -> bool {
        self.inner.counters.listening.load(Ordering::SeqCst) || self.is_young(entry, DEAF_AGE_MAX_MS)
    }

    fn entry<V>(&self, value: V, stamp: u64, bytes: usize) -> Entry<V> {
        Entry { value, stamp, loaded_at_ms: self.now_ms(), bytes }
    }

    /// The card of a product.
    pub(super) fn card(&self, view: &View, id: ProductId) -> Option<Card> {
        let stamp = self.stamp(id).0;
        self.inner.cards.get(&fragment_key(view, id), |entry| entry.stamp == stamp && self.is_current(entry))
    }

    /// Keeps a card that was read after the stamp was taken.
    pub(super) fn put_card(&self, view: &View, id: ProductId, (card, stamp): (Card, Stamp)) {
        let bytes = card.body.len();
        self.inner.cards.entries.insert(fragment_key(view, id), self.entry(card, stamp.0, bytes));
    }

    /// The page of a product, if it is kept.
    pub(super) fn kept_page(&self, view: &View, id: ProductId) -> Option<ProductPage> {
        let stamp = self.stamp(id).0;
        self.inner.pages.get(&fragment_key(view, id), |entry| entry.stamp == stamp && self.is_current(entry))
    }

    /// Keeps a page that was read after the stamp was taken.
    pub(super) fn put_page(&self, view: &View, page: &ProductPage, stamp: Stamp) {
        let bytes = page.body.len();
        self.inner
            .pages
            .entries
            .insert(fragment_key(view, page.id), self.entry(page.clone(), stamp.0, bytes));
    }

    /// The page of a product, loaded if need be.
    pub(super) async fn page<E>(
        &self,
        view: &View,
        id: ProductId,
        load: impl AsyncFnOnce() -> Result<Option<ProductPage>, E>,
    ) -> Result<Option<ProductPage>, E> {
        let fresh = |entry: &Entry<ProductPage>| entry.stamp == self.stamp(id).0 && self.is_current(entry);
        let load = async {
            let stamp = self.stamp(id).0;
            Ok(Box::pin(load()).await?.map(|page| {
                let bytes = page.body.len();
                self.entry(page, stamp, bytes)
            }))
        };
        self.inner.pages.get_or_load(&fragment_key(view, id), fresh, load).await
    }

    /// The product with this handle, loaded with its page if need be: the loader's page is kept as well.
    pub(super) async fn product_by_handle<E>(
        &self,
        view: &View,
        handle: &str,
        load: impl AsyncFnOnce() -> Result<Option<ProductPage>, E>,
    ) -> Result<Option<ProductId>, E> {
        let key = (view.channel_id.as_uuid(), locale_key(&view.locale), handle.to_owned());
        let fresh =
            |entry: &Entry<ProductId>| entry.stamp == self.stamp(entry.value).0 && self.is_current(entry);
        let load = async {
            // Whose counter to watch is known only after the row was read. A change in between has moved `any` before
            // it moved that counter: if `any` stands still, the counter's value is one of before the reading.
            let before = self.inner.counters.any.load(Ordering::SeqCst);
            let Some(page) = Box::pin(load()).await? else { return Ok(None) };
            let stamp = self.stamp(page.id);
            let unchanged = self.inner.counters.any.load(Ordering::SeqCst) == before;
            if unchanged {
                self.put_page(view, &page, stamp);
            }
            let stamp = if unchanged { stamp.0 } else { NEVER };
            Ok(Some(self.entry(page.id, stamp, handle.len())))
        };
        self.inner.handles.get_or_load(&key, fresh, load).await
    }

    /// What is found under a name, unless it was found a moment ago that there is nothing. `moved` says where it went.
    ///
    /// To be called by whoever loads for others: those who waited for a loader that found nothing ask here, too.
    pub(super) async fn present<T, E>(
        &self,
        name: &str,
        find: impl Future<Output = Result<Option<T>, E>>,
        moved: impl Future<Output = Result<Option<String>, E>>,
    ) -> Result<Option<T>, E> {
        if self.missing(name).is_some() {
            return Ok(None);
        }
        let stamp = self.epoch_stamp();
        let found = find.await?;
        if found.is_none() {
            let entry = self.entry(Missing { moved_to: moved.await? }, stamp, name.len());
            self.inner.missing.entries.insert(name.to_owned(), entry);
        }
        Ok(found)
    }

    /// That nothing is called so, where that is known.
    pub(super) fn missing(&self, name: &str) -> Option<Missing> {
        self.inner.missing.get(name, |entry| {
            entry.stamp == self.epoch_stamp()
                && self.is_current(entry)
                && self.is_young(entry, MISSING_AGE_MAX_MS)
        })
    }

    /// A finished answer by its question, made if need be; one that is degraded is made again each time. `make` gets the epoch that the
    /// answer will carry.
    pub(super) async fn document<E>(
        &self,
        question: &String,
        make: impl AsyncFnOnce(i64) -> Result<Option<Document>, E>,
    ) -> Result<Option<Document>, E> {
        let fresh = |entry: &Entry<Document>| entry.stamp == self.edition() && self.is_current(entry);
        let make = async {
            // The edition first: should either move, the answer is not given again.
            let stamp = self.edition();
            let epoch = self.epoch();
            let bytes =
                |document: &Document| document.body.len() + document.surrogate_keys.len() + question.len();
            Ok(Box::pin(make(epoch)).await?.map(|document| {
                let bytes = bytes(&document);
                let stamp = if document.degraded { NEVER } else { stamp };
                self.entry(document, stamp, bytes)
            }))
        };
        self.inner.bodies.get_or_load(question, fresh, make).await
    }

    /// All categories.
    pub(super) async fn categories<E>(
        &self,
        load: impl AsyncFnOnce() -> Result<Vec<CategoryRow>, E>,
    ) -> Result<Arc<Vec<CategoryRow>>, E> {
        let fresh = |entry: &Entry<_>| entry.stamp == self.epoch_stamp() && self.is_current(entry);
        let load = async {
            let stamp = self.epoch_stamp();
            Ok(Some(self.entry(Arc::new(Box::pin(load()).await?), stamp, 0)))
        };
        Ok(self.inner.tree.get_or_load(&(), fresh, load).await?.unwrap_or_default())
    }

    /// All channels.
    pub(super) async fn channels<E>(
        &self,
        load: impl AsyncFnOnce() -> Result<Vec<Channel>, E>,
    ) -> Result<ChannelList, E> {
        let fresh = |entry: &Entry<_>| self.is_fresh_channel(entry);
        let load = async {
            let stamp = self.epoch_stamp();
            let channels = Box::pin(load()).await?.into_iter().map(Arc::new).collect();
            Ok(Some(self.entry(Arc::new(channels), stamp, 0)))
        };
        Ok(self.inner.channels.get_or_load(&(), fresh, load).await?.unwrap_or_default())
    }

    /// The publishable key with this hash.
    pub(super) async fn key<E>(
        &self,
        hash: &[u8; 32],
        load: impl AsyncFnOnce() -> Result<Option<KnownKey>, E>,
    ) -> Result<Option<KnownKey>, E> {
        let fresh = |entry: &Entry<KnownKey>| {
            self.is_fresh_channel(entry) && self.now_ms() < entry.value.expires_at_ms
        };
        let load = async {
            let stamp = self.epoch_stamp();
            Ok(Box::pin(load()).await?.map(|key| self.entry(key, stamp, 0)))
        };
        self.inner.keys.get_or_load(hash, fresh, load).await
    }

    fn is_fresh_channel<V>(&self, entry: &Entry<V>) -> bool {
        entry.stamp == self.epoch_stamp()
            && self.is_current(entry)
            && self.is_young(entry, CHANNEL_AGE_MAX_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::room::FLIGHT_WAIT_MAX;
    use super::*;
    use bytes::Bytes;
    use jiff::{SignedDuration, Timestamp};
    use std::convert::Infallible;
    use std::sync::atomic::AtomicUsize;
    use tradepost_port::fake::FakeClock;

    /// A cache that hears, with its clock.
    fn clocked() -> (Arc<FakeClock>, CatalogCache) {
        let clock = Arc::new(FakeClock::at(Timestamp::UNIX_EPOCH));
        let cache = CatalogCache::new(CACHE_BYTES_DEFAULT, clock.clone());
        cache.listening_from(1);
        (clock, cache)
    }

    /// A cache that hears, with a view and a product.
    fn listening() -> (CatalogCache, View, ProductId) {
        let (_, cache) = clocked();
        let view = View { channel_id: ChannelId::from_uuid(Uuid::from_u128(1)), locale: Locale::english() };
        (cache, view, ProductId::from_uuid(Uuid::from_u128(7)))
    }

    fn page(id: ProductId, body: &'static str) -> ProductPage {
        ProductPage { id, body: Bytes::from_static(body.as_bytes()), revision: "1".into() }
    }

    fn document(body: &'static str, epoch: i64) -> Document {
        Document {
            body: Bytes::from_static(body.as_bytes()),
            epoch,
            tag: None,
            surrogate_keys: "".into(),
            degraded: false,
            searched: None,
        }
    }

    /// What the page is taken for when `meanwhile` happens between the reading of the old row and its keeping.
    async fn page_after(meanwhile: impl Fn(&CatalogCache, ProductId)) -> &'static str {
        let (cache, view, id) = listening();
        let old = async || {
            let read = page(id, "old");
            meanwhile(&cache, id);
            Ok::<_, Infallible>(Some(read))
        };
        cache.page(&view, id, old).await.unwrap();
        let new = async || Ok::<_, Infallible>(Some(page(id, "new")));
        let found = cache.page(&view, id, new).await.unwrap().unwrap();
        if found.body == "old" { "old" } else { "new" }
    }

    #[tokio::test]
    async fn a_page_that_was_overtaken_by_a_change_while_it_was_read_is_not_kept() {
        assert_eq!(page_after(|_, _| {}).await, "old", "nothing happened: it is kept");
        assert_eq!(page_after(|cache, id| cache.apply(2, Some(&[id.as_uuid()]))).await, "new");
        assert_eq!(page_after(|cache, _| cache.apply(2, None)).await, "new");
        assert_eq!(page_after(|cache, _| cache.apply(9, Some(&[]))).await, "new", "epochs were missed");
        assert_eq!(page_after(|cache, _| cache.listening_from(5)).await, "new");
        let other = |cache: &CatalogCache, _| cache.apply(2, Some(&[Uuid::from_u128(8)]));
        assert_eq!(page_after(other).await, "old", "another product's change is none of this one's");
    }

    #[tokio::test]
    async fn a_handle_that_was_overtaken_by_a_change_is_not_kept_nor_its_page() {
        let (cache, view, id) = listening();
        let old = async || {
            let read = page(id, "old");
            cache.apply(2, Some(&[id.as_uuid()]));
            Ok::<_, Infallible>(Some(read))
        };
        assert_eq!(cache.product_by_handle(&view, "hat", old).await.unwrap(), Some(id));
        assert_eq!(cache.kept_page(&view, id), None);
        let gone = async || Ok::<_, Infallible>(None);
        assert_eq!(cache.product_by_handle(&view, "hat", gone).await.unwrap(), None);

        let settled = async || Ok::<_, Infallible>(Some(page(id, "new")));
        cache.product_by_handle(&view, "hat", settled).await.unwrap();
        assert!(cache.kept_page(&view, id).is_some());
        assert_eq!(cache.product_by_handle(&view, "hat", gone).await.unwrap(), Some(id), "kept now");
        cache.apply(3, Some(&[id.as_uuid()]));
        assert_eq!(
            cache.product_by_handle(&view, "hat", gone).await.unwrap(),
            None,
            "the handle may have moved"
        );
    }

    #[tokio::test]
    async fn an_answer_that_was_overtaken_by_an_epoch_is_not_kept() {
        let (cache, ..) = listening();
        let question = "products".to_owned();
        let old = async |epoch| {
            cache.apply(2, Some(&[]));
            Ok::<_, Infallible>(Some(document("old", epoch)))
        };
        assert_eq!(cache.document(&question, old).await.unwrap(), Some(document("old", 1)));
        let new = async |epoch| Ok::<_, Infallible>(Some(document("new", epoch)));
        assert_eq!(cache.document(&question, new).await.unwrap(), Some(document("new", 2)));
    }

    #[tokio::test]
    async fn a_card_is_kept_with_the_stamp_of_before_its_reading() {
        let (cache, view, id) = listening();
        let stamp = cache.stamp(id);
        cache.put_card(&view, id, (Card::new(Bytes::from_static(b"old")), stamp));
        assert!(cache.card(&view, id).is_some());
        let before = cache.stamp(id);
        cache.apply(2, Some(&[id.as_uuid()]));
        cache.put_card(&view, id, (Card::new(Bytes::from_static(b"old")), before));
        assert_eq!(cache.card(&view, id), None);
    }

    #[tokio::test]
    async fn a_stuck_loader_holds_others_for_two_seconds_at_most_and_a_failed_one_lets_the_next_try() {
        let (cache, view, id) = listening();
        let (stuck_cache, stuck_view) = (cache.clone(), view.clone());
        let stuck = tokio::spawn(async move {
            let forever = async || std::future::pending::<Result<Option<ProductPage>, Infallible>>().await;
            stuck_cache.page(&stuck_view, id, forever).await
        });
        tokio::task::yield_now().await;
        let began = tokio::time::Instant::now();
        let own = async || Ok::<_, Infallible>(Some(page(id, "own")));
        assert_eq!(cache.page(&view, id, own).await.unwrap().unwrap().body, "own");
        assert!(began.elapsed() >= FLIGHT_WAIT_MAX, "it waited for the other first");
        stuck.abort();
        let _ = stuck.await;
        assert_eq!(cache.page(&view, id, async || Err("away")).await, Err("away"));
        let own = async || Ok::<_, Infallible>(Some(page(id, "again")));
        assert_eq!(cache.page(&view, id, own).await.unwrap().unwrap().body, "again");
    }

    /// How often 500 readers of one page load it when all of them ask before the first has its answer.
    async fn loads_of_500(cache: &CatalogCache, (view, id): (&View, ProductId), found: bool) -> usize {
        let (asked, loaded) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let reader = || {
            let (cache, view) = (cache.clone(), view.clone());
            let (asked, loaded) = (asked.clone(), loaded.clone());
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                let find = async {
                    loaded.fetch_add(1, Ordering::SeqCst);
                    while asked.load(Ordering::SeqCst) < 500 {
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, Infallible>(found.then(|| page(id, "new")))
                };
                let load = async || cache.present("hat", find, async { Ok(None) }).await;
                cache.page(&view, id, load).await.unwrap()
            }
        };
        let readers: Vec<_> = (0..500).map(|_| tokio::spawn(reader())).collect();
        for reader in readers {
            assert_eq!(reader.await.unwrap().is_some(), found);
        }
        loaded.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn what_500_readers_ask_for_at_once_is_loaded_once_be_it_expired_or_missing() {
        let (cache, view, id) = listening();
        let old = async || Ok::<_, Infallible>(Some(page(id, "old")));
        cache.page(&view, id, old).await.unwrap();
        cache.apply(2, Some(&[id.as_uuid()]));
        assert_eq!(loads_of_500(&cache, (&view, id), true).await, 1);
        cache.apply(3, Some(&[id.as_uuid()]));
        assert_eq!(loads_of_500(&cache, (&view, id), false).await, 1);
    }

    #[tokio::test]
    async fn a_missing_name_is_known_for_five_seconds_or_until_the_catalogue_changes() {
        let (clock, cache) = clocked();
        let nothing = async || Ok::<Option<()>, Infallible>(None);
        let gone_to = async |place: &str| Ok(Some(place.to_owned()));
        assert_eq!(cache.missing("hat"), None);
        cache.present("hat", nothing(), gone_to("cap")).await.unwrap();
        assert_eq!(cache.missing("hat"), Some(Missing { moved_to: Some("cap".to_owned()) }));
        clock.advance(SignedDuration::from_millis(MISSING_AGE_MAX_MS));
        assert!(cache.missing("hat").is_some());
        clock.advance(SignedDuration::from_millis(1));
        assert_eq!(cache.missing("hat"), None);
        cache.present("hat", nothing(), gone_to("cap")).await.unwrap();
        cache.apply(2, Some(&[]));
        assert_eq!(cache.missing("hat"), None, "it may be there now");
        let overtaken = async {
            cache.apply(3, Some(&[]));
            nothing().await
        };
        cache.present("hat", overtaken, gone_to("cap")).await.unwrap();
        assert_eq!(cache.missing("hat"), None, "it was looked for before the change");
    }

    #[tokio::test]
    async fn what_comes_while_it_is_looked_for_is_not_known_as_missing() {
        let (_, cache) = clocked();
        let overtaken = async {
            cache.apply(2, Some(&[]));
            Ok::<Option<()>, Infallible>(None)
        };
        cache.present("hat", overtaken, async { Ok(None) }).await.unwrap();
        assert_eq!(cache.missing("hat"), None, "it came after it was looked for");
    }

    #[tokio::test]
    async fn the_caches_stay_within_their_bytes() {
        let clock = Arc::new(FakeClock::at(Timestamp::UNIX_EPOCH));
        let cache = CatalogCache::new(4 * 1024 * 1024, clock.clone());
        let (_, view, _) = listening();
        let body = "x".repeat(2_000);
        for number in 0..5_000 {
            let id = ProductId::from_uuid(Uuid::from_u128(number));
            cache.put_card(&view, id, (Card::new(Bytes::from(body.clone())), cache.stamp(id)));
        }
        let cards = cache.stats().cards;
        assert!(cards.bytes <= 4 * 1024 * 1024 / 5, "{cards:?}");
        assert!(cards.entries > 100, "{cards:?}");
        for number in 0..100_000 {
            let nothing = async { Ok::<Option<()>, Infallible>(None) };
            cache.present(&format!("page {number}"), nothing, async { Ok(None) }).await.unwrap();
        }
        let missing = cache.stats().missing;
        assert!(missing.bytes <= MISSING_BYTES_MAX && missing.entries > 10_000, "{missing:?}");
        clock.advance(SignedDuration::from_secs(2));
        let last = ProductId::from_uuid(Uuid::from_u128(4_999));
        assert_eq!(cache.card(&view, last), None, "nobody listens, so two seconds are too old");
    }
}
