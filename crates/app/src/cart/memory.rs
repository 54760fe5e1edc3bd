//! Carts as this process last saw them.
//!
//! A cart that is remembered is a supposition: another process may have changed it since. The statement that stores a
//! change proves the version, and whoever supposed wrongly reads the cart. So nothing is ever taken out because it changed; what is
//! not changed for long makes room for others.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value;
use tradepost_domain::cart::{Cart, CartLine, CartStatus, Metadata};
use tradepost_domain::kernel::ids::CartId;
use tradepost_store::cart::CartOwner;

/// The part of the memory for caches that carts may take, in hundredths; those of the catalogue leave it.
const PERCENT: u64 = 4;
/// What a cart takes at least, roughly, with all its fields.
const CART_BYTES: usize = size_of::<Remembered>() + 256;

/// A cart with who opens it.
#[derive(Debug)]
pub(super) struct Remembered {
    owner: CartOwner,
    /// The cart.
    pub(super) cart: Cart,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<CartId, Arc<Remembered>> for ByBytes {
    fn weight(&self, _id: &CartId, remembered: &Arc<Remembered>) -> u64 {
        let Cart { lines, metadata, coupons, .. } = &remembered.cart;
        let of_line = |line: &CartLine| size_of::<CartLine>() + metadata_bytes(&line.metadata);
        let lines: usize = lines.iter().map(of_line).sum();
        let coupons: usize = coupons.iter().map(|code| code.len() + size_of::<String>()).sum();
        u64::try_from(CART_BYTES + lines + coupons + metadata_bytes(metadata)).unwrap_or(u64::MAX)
    }
}

fn metadata_bytes(metadata: &Metadata) -> usize {
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    metadata.iter().map(|(key, value)| key.len() + text(value) + 128).sum()
}

/// The carts that a shop's process remembers.
pub struct CartMemory {
    carts: Cache<CartId, Arc<Remembered>, ByBytes>,
}

impl fmt::Debug for CartMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CartMemory").field("carts", &self.carts.len()).finish()
    }
}

impl CartMemory {
    /// Empty, of a shop whose caches hold about so many bytes at most together.
    pub fn new(cache_bytes: u64) -> Self {
        let bytes = (cache_bytes / 100).saturating_mul(PERCENT);
        Self { carts: Cache::with_weighter(64, bytes, ByBytes) }
    }

    /// Remembers an open cart as it is stored. One that is closed is not changed any more.
    pub(super) fn keep(&self, owner: CartOwner, cart: Cart) {
        if cart.status == CartStatus::Open {
            self.carts.insert(cart.id, Arc::new(Remembered { owner, cart }));
        }
    }

    /// A cart as it was last seen, for its owner, while its time has not run out.
    pub(super) fn recall(&self, id: CartId, owner: &CartOwner, now: Timestamp) -> Option<Arc<Remembered>> {
        let remembered = self.carts.get(&id)?;
        let is_theirs = remembered.owner == *owner && remembered.cart.expires_at > now;
        is_theirs.then_some(remembered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::kernel::Currency;
    use tradepost_domain::kernel::ids::{ChannelId, CustomerId, EntityId};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn cart(number: u128) -> Cart {
        Cart {
            id: CartId::from_uuid(Uuid::from_u128(number)),
            channel_id: ChannelId::from_uuid(Uuid::from_u128(1)),
            customer_id: None,
            currency: Currency::EUR,
            locale: "en".parse().unwrap(),
            email: None,
            shipping_address: None,
            billing_address: None,
            shipping_method_id: None,
            coupons: Vec::new(),
            metadata: Metadata::new(),
            status: CartStatus::Open,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
            expires_at: Timestamp::MAX,
            lines: Vec::new(),
        }
    }

    fn guest(number: u8) -> CartOwner {
        CartOwner::Guest(vec![number; 32])
    }

    #[test]
    fn a_cart_is_recalled_for_its_owner_while_it_is_open_and_its_time_has_not_run_out() {
        let memory = CartMemory::new(1024 * 1024);
        let (kept, id) = (cart(1), cart(1).id);
        memory.keep(guest(1), kept.clone());
        let recalled = |owner: CartOwner, now| memory.recall(id, &owner, now).map(|found| found.cart.clone());
        assert_eq!(recalled(guest(1), NOW), Some(kept.clone()));
        assert_eq!(recalled(guest(2), NOW), None);
        assert_eq!(recalled(CartOwner::Guest(Vec::new()), NOW), None);
        assert_eq!(recalled(CartOwner::Customer(CustomerId::from_uuid(Uuid::from_u128(1))), NOW), None);
        assert_eq!(recalled(guest(1), Timestamp::MAX), None);
        memory.keep(guest(1), Cart { version: 2, ..kept });
        assert_eq!(recalled(guest(1), NOW).map(|cart| cart.version), Some(2));
        memory.keep(guest(3), Cart { status: CartStatus::Ordered, ..cart(3) });
        assert!(memory.recall(cart(3).id, &guest(3), NOW).is_none());
    }

    #[test]
    fn carts_take_no_more_than_their_room() {
        let memory = CartMemory::new(4 * 1024 * 1024);
        for number in 0..10_000 {
            memory.keep(guest(1), cart(number));
        }
        let room = 4 * 1024 * 1024 / 100 * PERCENT;
        assert!(memory.carts.weight() <= room && memory.carts.len() > 10, "{memory:?}");
        let none = CartMemory::new(0);
        none.keep(guest(1), cart(1));
        assert!(none.recall(cart(1).id, &guest(1), NOW).is_none());
    }
}
