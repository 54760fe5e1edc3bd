//! The machine's clock and randomness: the only place that reads them.

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use tradepost_port::{Clock, IdSource};
use uuid::Uuid;

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that all others are injected from")]
        let now = Timestamp::now();
        // PostgreSQL keeps microseconds: what is written must read back equal.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// UUIDv7 (RFC 9562, section 5.7) and secrets from the operating system's random source.
///
/// Ids of one process never go back in time: a millisecond that was used is not left behind when the clock is set back.
#[derive(Debug, Default)]
pub struct RandomIds {
    random: OsRandom,
    last_millisecond: AtomicU64,
}

/// Random bytes of an id.
const ID_BYTES: usize = 10;
/// Ids whose random bytes are drawn at once: a call of the operating system costs more than the rest of an id.
const IDS_AT_ONCE: usize = 64;

thread_local! {
    /// Random bytes that no id of this thread has had yet, taken from the end.
    static UNUSED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// `SystemRandom` with the `Default` that the struct above derives.
#[derive(Debug)]
struct OsRandom(SystemRandom);

impl Default for OsRandom {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl RandomIds {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness no id or secret may be made: stopping is the only safe answer"
        )]
        self.random.0.fill(bytes).expect("the operating system's random source answers");
    }

    /// Bytes that no other id has.
    fn id_bytes(&self) -> [u8; ID_BYTES] {
        UNUSED.with_borrow_mut(|unused| {
            if unused.is_empty() {
                unused.resize(ID_BYTES * IDS_AT_ONCE, 0);
                self.fill(unused);
            }
            let rest = unused.len().saturating_sub(ID_BYTES);
            let mut bytes = [0; ID_BYTES];
            for (byte, random) in bytes.iter_mut().zip(unused.drain(rest..)) {
                *byte = random;
            }
            bytes
        })
    }
}

impl IdSource for RandomIds {
    fn next_uuid(&self) -> Uuid {
        let now = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
        let last = self.last_millisecond.fetch_max(now, Ordering::Relaxed);
        let random = self.id_bytes();
        uuid::Builder::from_unix_timestamp_millis(now.max(last), &random).into_uuid()
    }

    fn next_secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        self.fill(&mut secret);
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_of_version_7_and_never_repeat() {
        let ids = RandomIds::default();
        let drawn: BTreeSet<Uuid> = (0..1_000).map(|_| ids.next_uuid()).collect();
        assert_eq!(drawn.len(), 1_000);
        assert!(drawn.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn no_random_byte_is_used_twice_whatever_thread_draws() {
        let ids = RandomIds::default();
        let draw = || (0..1_000).map(|_| ids.id_bytes()).collect::<Vec<_>>();
        let drawn = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<BTreeSet<_>>()
        });
        assert_eq!(drawn.len(), 4_000);
        assert!(drawn.iter().all(|bytes| *bytes != [0; ID_BYTES]));
    }

    #[test]
    fn the_clock_keeps_what_the_database_can_keep() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000, 0);
    }
}
