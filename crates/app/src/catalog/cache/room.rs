//! One cache of the catalogue: bounded by bytes, loaded by one request while others wait.

use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::{Cache, EntryAction, EntryResult};
use quick_cache::{Equivalent, OptionsBuilder, Weighter};

/// How long a request waits for another one that loads the same thing, before it loads by itself.
pub(super) const FLIGHT_WAIT_MAX: Duration = Duration::from_secs(2);
/// What an entry takes beside its content, roughly.
const ENTRY_OVERHEAD: usize = 160;

/// A value with what its validity is judged by.
#[derive(Debug, Clone)]
pub(super) struct Entry<V> {
    pub(super) value: V,
    pub(super) stamp: u64,
    pub(super) loaded_at_ms: i64,
    pub(super) bytes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct ByBytes;

impl<K, V> Weighter<K, Entry<V>> for ByBytes {
    fn weight(&self, _key: &K, entry: &Entry<V>) -> u64 {
        u64::try_from(entry.bytes.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u64::MAX)
    }
}

/// One cache with its figures.
#[derive(Debug)]
pub(super) struct Room<K, V> {
    pub(super) entries: Cache<K, Entry<V>, ByBytes>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<K: Hash + Eq + Clone, V: Clone> Room<K, V> {
    pub(super) fn new(bytes: u64) -> Self {
        // The estimate only sizes tables that grow by themselves.
        let estimate = usize::try_from(bytes / 8192).unwrap_or(usize::MAX).clamp(16, 4096);
        let entries =
            match OptionsBuilder::new().estimated_items_capacity(estimate).weight_capacity(bytes).build() {
                Ok(options) => Cache::with_options(
                    options,
                    ByBytes,
                    quick_cache::DefaultHashBuilder::default(),
                    <_>::default(),
                ),
                Err(_) => Cache::with_weighter(estimate, bytes, ByBytes),
            };
        Self { entries, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    pub(super) fn get<Q>(&self, key: &Q, fresh: impl Fn(&Entry<V>) -> bool) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let found = self.entries.get(key).filter(|entry| fresh(entry)).map(|entry| entry.value);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// The value, loaded by one request while others wait. What does not exist is not kept.
    pub(super) async fn get_or_load<E>(
        &self,
        key: &K,
        fresh: impl Fn(&Entry<V>) -> bool,
        load: impl Future<Output = Result<Option<Entry<V>>, E>>,
    ) -> Result<Option<V>, E> {
        if let Some(value) = self.get(key, &fresh) {
            return Ok(Some(value));
        }
        let joined = self.entries.entry_async(key, |_, entry: &mut Entry<V>| {
            if fresh(entry) {
                EntryAction::Retain(entry.value.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        let guard = match tokio::time::timeout(FLIGHT_WAIT_MAX, joined).await {
            Ok(EntryResult::Retained(value)) => return Ok(Some(value)),
            Ok(EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _)) => Some(guard),
            // The one who loads is stuck. Waiting in line behind others who fail as well would add up.
            Ok(EntryResult::Removed(..) | EntryResult::Timeout) | Err(_) => None,
        };
        let Some(entry) = load.await? else { return Ok(None) };
        let value = entry.value.clone();
        if let Some(guard) = guard {
            // Refused only when the key was taken out meanwhile; the value is good all the same.
            let _ = guard.insert(entry);
        }
        Ok(Some(value))
    }

    pub(super) fn figures(&self) -> RoomStats {
        RoomStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.entries.len(),
            bytes: self.entries.weight(),
        }
    }
}

/// Figures of one cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomStats {
    /// Look-ups that were answered.
    pub hits: u64,
    /// Look-ups that were not.
    pub misses: u64,
    /// Entries now.
    pub entries: usize,
    /// Bytes now, by estimate.
    pub bytes: u64,
}

/// Figures of all caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Cards.
    pub cards: RoomStats,
    /// Pages of products.
    pub pages: RoomStats,
    /// Ids by handle.
    pub handles: RoomStats,
    /// Finished answers.
    pub bodies: RoomStats,
    /// What carts know of variants.
    pub goods: RoomStats,
    /// Names that nothing has.
    pub missing: RoomStats,
    /// Whether changes are heard.
    pub listening: bool,
    /// The catalogue's epoch as last heard.
    pub heard: i64,
    /// The epoch that has begun here: the search index has its changes.
    pub epoch: i64,
}
