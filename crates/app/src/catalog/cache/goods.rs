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
