//! Gives memory back that something large has left behind: the filling of the search index, an import, a peak.
//!
//! The allocator gives back what is free when somebody allocates, a second later at the earliest: a shop that becomes idle keeps
//! what it took at its busiest.

use std::sync::Arc;
use std::time::Duration;

use tradepost_app::Shop;

/// How often it is looked whether a shelf was filled.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks after which it is done in any case: a minute.
const LOOKS_MAX: u32 = 120;

#[expect(unsafe_code, reason = "the allocator's crate does not tell of it")]
// SAFETY: mimalloc is linked, as it is the allocator of this program; this is its signature in mimalloc.h.
unsafe extern "C" {
    fn mi_collect(force: bool);
}

/// Gives back what is free.
fn give_back() {
    #[expect(unsafe_code, reason = "a function of C")]
    // SAFETY: any thread may call it at any time; what is in use stays.
    unsafe {
        mi_collect(true);
    }
}

/// Gives back what is free after a shelf was filled, and now and then.
pub async fn keep_small(shop: Arc<Shop>) {
    let (mut filled_before, mut looks) = (Vec::new(), 0_u32);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        looks = looks.saturating_add(1);
        let filled = shop.catalog.shelves.as_ref().map(|shelves| shelves.filled_at()).unwrap_or_default();
        if filled != filled_before || looks >= LOOKS_MAX {
            (filled_before, looks) = (filled, 0);
            // It walks through all that there is.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
    }
}
