//! What the filling of the search index needed for a moment is given back at once.
//!
//! The allocator keeps what becomes free for a second, and looks after it when somebody allocates: good for a shop at work, but one
//! that is idle after a filling would keep for ever what that took at its largest.

use std::ffi::{c_int, c_long};
use std::sync::Arc;
use std::time::Duration;

use tradepost_app::Shop;

/// How often it is looked whether shelves are being filled.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks after the last filling until things are as usual: what was let go at its end comes last.
const QUIET_LOOKS: u32 = 8;
/// `mi_option_purge_delay` of mimalloc.h: milliseconds until free memory is given back.
const PURGE_DELAY: c_int = 15;
/// What it is when nobody sets it.
const USUAL_MS: c_long = 1_000;

#[expect(unsafe_code, reason = "the allocator's crate does not tell of it")]
// SAFETY: mimalloc is linked, being the allocator of this program; these are its signatures in mimalloc.h.
unsafe extern "C" {
    fn mi_option_get(option: c_int) -> c_long;
    fn mi_option_set(option: c_int, value: c_long);
}

/// How long free memory is kept.
fn purge_delay() -> c_long {
    #[expect(unsafe_code, reason = "a function of C")]
    // SAFETY: it reads a number; any thread may call it at any time.
    unsafe {
        mi_option_get(PURGE_DELAY)
    }
}

fn set_purge_delay(milliseconds: c_long) {
    #[expect(unsafe_code, reason = "a function of C")]
    // SAFETY: it writes a number that is read when memory becomes free.
    unsafe {
        mi_option_set(PURGE_DELAY, milliseconds);
    }
}

/// Has free memory given back at once while shelves are filled, the first ones included; whoever set a delay of his own keeps it.
pub async fn keep_small(shop: Arc<Shop>) {
    if purge_delay() != USUAL_MS {
        return;
    }
    set_purge_delay(0);
    let mut quiet = 0_u32;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let is_filling = shop.catalog.shelves.as_ref().is_some_and(|shelves| shelves.underway().is_some());
        let was_quiet = quiet >= QUIET_LOOKS;
        quiet = if is_filling { 0 } else { quiet.saturating_add(1) };
        if was_quiet != (quiet >= QUIET_LOOKS) {
            set_purge_delay(if was_quiet { 0 } else { USUAL_MS });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_option_is_that_of_the_delay() {
        assert_eq!(purge_delay(), USUAL_MS, "another version of the allocator may number its options anew");
        set_purge_delay(0);
        assert_eq!(purge_delay(), 0);
        set_purge_delay(USUAL_MS);
    }
}
