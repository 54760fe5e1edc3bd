//! What carts know of variants, kept in memory by channel, currency and language.
//!
//! What is kept is a supposition: the statement that stores a cart's change proves the versions of the products. What these do
//! not tell of (categories, collections, languages of the channel) is heard of as cards and pages are; while nothing is heard, nothing is
//! given out.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{EntityId, VariantId};
use tradepost_store::catalog::sellable::{SaleScope, SellableFacts};
use uuid::Uuid;

use super::CatalogCache;

/// A variant in a channel, a currency and a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GoodsKey {
    channel: Uuid,
    currency: Currency,
    locale: [u8; 8],
    variant: Uuid,
}

fn goods_key(scope: SaleScope<'_>, variant: VariantId) -> GoodsKey {
    let mut locale = [0; 8];
    locale.iter_mut().zip(scope.locale.bytes()).for_each(|(place, letter)| *place = letter);
    GoodsKey {
        channel: scope.channel.as_uuid(),
        currency: scope.currency,
        locale,
        variant: variant.as_uuid(),
    }
}

/// What a variant takes in memory, roughly.
fn bytes_of(facts: &SellableFacts) -> usize {
    let options: usize = facts.options.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
    let tags: usize = facts.tags.iter().map(|tag| tag.len() + 32).sum();
    let ids = (facts.category_ids.len() + facts.collection_ids.len()) * size_of::<Uuid>();
    let image = facts.image.as_ref().map_or(0, |image| {
        image.alt.len()
            + image.blob.as_deref().map_or(0, str::len)
            + image.source_url.as_deref().map_or(0, str::len)
    });
    size_of::<SellableFacts>() + facts.title.len() + facts.handle.len() + options + tags + ids + image
}

/// Changes of products as counted before goods were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before(u64);

impl CatalogCache {
    /// What is known of a variant, where it is known and heard of.
    pub(crate) fn goods(&self, scope: SaleScope<'_>, variant: VariantId) -> Option<Arc<SellableFacts>> {
        if !self.inner.counters.listening.load(Ordering::SeqCst) {
            return None;
        }
        let fresh = |entry: &super::room::Entry<Arc<SellableFacts>>| {
            entry.stamp == self.stamp(entry.value.product_id).0
        };
        self.inner.goods.get(&goods_key(scope, variant), fresh)
    }

    /// To be taken before goods are read.
    pub(crate) fn before_goods(&self) -> Before {
        Before(self.inner.counters.any.load(Ordering::SeqCst))
    }

    /// Keeps what was read, unless anything changed since `before` was taken: whose counters to watch is known only
    /// from what was read.
    pub(crate) fn keep_goods<'a>(
        &self,
        before: Before,
        scope: SaleScope<'_>,
        goods: impl Iterator<Item = &'a Arc<SellableFacts>>,
    ) {
        for facts in goods {
            let stamp = self.stamp(facts.product_id);
            if self.before_goods() != before {
                return;
            }
            let entry = self.entry(facts.clone(), stamp.0, bytes_of(facts));
            self.inner.goods.entries.insert(goods_key(scope, facts.variant_id), entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use tradepost_domain::kernel::ids::{ChannelId, ProductId};
    use tradepost_port::fake::FakeClock;

    fn facts(product: u128, variant: u128) -> Arc<SellableFacts> {
        Arc::new(SellableFacts {
            variant_id: VariantId::from_uuid(Uuid::from_u128(variant)),
            product_id: ProductId::from_uuid(Uuid::from_u128(product)),
            product_version: 1,
            sku: None,
            options: std::collections::BTreeMap::new(),
            weight_grams: None,
            tracked: true,
            backorder: false,
            requires_shipping: true,
            handle: "boot".to_owned(),
            title: "Boot".to_owned(),
            for_sale: true,
            brand_id: None,
            product_type_id: None,
            tags: Vec::new(),
            amount: Some(5400),
            compare_at_amount: None,
            category_ids: Vec::new(),
            collection_ids: Vec::new(),
            image: None,
        })
    }

    fn scope(channel: u128, locale: &str) -> SaleScope<'_> {
        SaleScope { channel: ChannelId::from_uuid(Uuid::from_u128(channel)), currency: Currency::EUR, locale }
    }

    fn listening(bytes: u64) -> CatalogCache {
        let cache = CatalogCache::new(bytes, Arc::new(FakeClock::at(Timestamp::UNIX_EPOCH)));
        cache.listening_from(1);
        cache
    }

    fn keep(cache: &CatalogCache, before: Before, goods: &[Arc<SellableFacts>]) {
        cache.keep_goods(before, scope(1, "en"), goods.iter());
    }

    #[test]
    fn goods_are_known_until_their_product_changes_or_nothing_is_heard() {
        let cache = listening(super::super::CACHE_BYTES_DEFAULT);
        let (boot, lamp) = (facts(7, 70), facts(8, 80));
        let known = |facts: &SellableFacts| cache.goods(scope(1, "en"), facts.variant_id);
        keep(&cache, cache.before_goods(), &[boot.clone(), lamp.clone()]);
        assert_eq!((known(&boot), known(&lamp)), (Some(boot.clone()), Some(lamp.clone())));
        assert_eq!(cache.goods(scope(1, "de"), boot.variant_id), None, "another language");
        assert_eq!(cache.goods(scope(2, "en"), boot.variant_id), None, "another channel");
        cache.deafened();
        assert_eq!(known(&boot), None);
        cache.listening_from(1);
        assert_eq!(known(&boot), Some(boot.clone()));
        cache.touch(2, Some(&[boot.product_id.as_uuid()]));
        assert_eq!((known(&boot), known(&lamp)), (None, Some(lamp.clone())));
        cache.touch(3, None);
        assert_eq!(known(&lamp), None);
    }

    #[test]
    fn what_changed_while_goods_were_read_is_not_kept() {
        let cache = listening(super::super::CACHE_BYTES_DEFAULT);
        let boot = facts(7, 70);
        let before = cache.before_goods();
        cache.touch(2, Some(&[boot.product_id.as_uuid()]));
        keep(&cache, before, std::slice::from_ref(&boot));
        assert_eq!(cache.goods(scope(1, "en"), boot.variant_id), None);
    }

    #[test]
    fn goods_take_no_more_than_their_room() {
        let cache = listening(1024 * 1024);
        for number in 0..10_000 {
            keep(&cache, cache.before_goods(), &[facts(number, number)]);
        }
        let stats = cache.stats().goods;
        assert!(stats.bytes <= 1024 * 1024 / 25 && stats.entries > 10, "{stats:?}");
    }
}
